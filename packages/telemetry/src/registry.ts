import { type Metric, Registry } from 'prom-client'

export { Counter, Gauge, Histogram, type Metric, Registry, Summary } from 'prom-client'

/** A registry for one component. Nothing is registered globally: make metrics with `registers: [registry]`. */
export function createRegistry(): Registry {
  return new Registry()
}

/** The metric of that name, made with `create` unless the registry has it already; for parts that exist several times. */
export function sharedMetric<M extends Metric>(registry: Registry, name: string, create: () => M): M {
  return (registry.getSingleMetric(name) as M | undefined) ?? create()
}

/** The Content-Type of `writeMetrics`. */
export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/**
 * One text exposition (0.0.4) of several registries, for components that share a process and a port. A family that
 * is in more than one of them is written once, with the series of all; these must differ in their labels.
 */
export async function writeMetrics(registries: readonly Registry[]): Promise<string> {
  const families = new Map<string, Promise<string>[]>()
  for (const registry of new Set(registries)) {
    for (const { name } of registry.getMetricsAsArray()) {
      const parts = families.get(name) ?? []
      parts.push(registry.getSingleMetricAsString(name))
      families.set(name, parts)
    }
  }
  const names = [...families.keys()].sort()
  const texts = await Promise.all(names.map(async (name) => joinFamily(await Promise.all(families.get(name) as Promise<string>[]))))
  return texts.join('')
}

/** Leaves out the HELP and TYPE lines of all parts but the first. */
function joinFamily([first = '', ...others]: readonly string[]): string {
  let text = `${first}\n`
  for (const other of others) {
    const samples = other.split('\n').slice(2)
    if (samples.length > 0) text += `${samples.join('\n')}\n`
  }
  return text
}
