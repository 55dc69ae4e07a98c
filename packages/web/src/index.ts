export { loadPage, PAGE_PATHS, type Page } from './build.ts'
