export { ScrapeError } from './error.ts'
export type { FamilyMetadata } from './family-metadata.ts'
export {
  type ActiveTarget,
  type DroppedTarget,
  type Scraper,
  type ScraperOptions,
  type ScrapeTargets,
  startScraper,
  type TargetFamilies,
} from './scraper.ts'
export type { TargetHealth } from './target.ts'
