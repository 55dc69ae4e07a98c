import { Registry } from 'prom-client'

export { Counter, Gauge, Histogram, type Metric, Registry, Summary } from 'prom-client'

/** A registry for one component. Nothing is registered globally: make metrics with `registers: [registry]`. */
export function createRegistry(): Registry {
  return new Registry()
}

/** One text exposition of several registries, for components that share a process and a port. */
export function mergeRegistries(registries: readonly Registry[]): Registry {
  return Registry.merge([...registries])
}
