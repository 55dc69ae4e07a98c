import { extname } from 'node:path'
import { quote } from '@promlet/model'
import { type TargetGroupConfig, targetGroupSection } from './discovery.ts'
import { ConfigError } from './problem.ts'
import { list } from './schema/field.ts'
import { isEmpty, itemsAt, openYaml, report } from './schema/yaml-file.ts'

const EXTENSIONS = ['.json', '.yml', '.yaml']

/**
 * Reads what stands in a file of `file_sd_configs`, or comes from an HTTP discovery: a list of target groups, in YAML
 * or in JSON. `path` is the file to name in problems.
 * @throws ConfigError with all that is wrong.
 */
export function parseTargetGroups(contents: string, path: string): readonly TargetGroupConfig[] {
  const root = openYaml(contents, path)
  const { problems } = root.file
  const extension = extname(path)
  if (!EXTENSIONS.includes(extension.toLowerCase())) {
    report({ ...root, node: null }, `invalid file extension: ${quote(extension)}; expected ${EXTENSIONS.join(', ')}`)
  }
  const groups = problems.length > 0 || isEmpty(root) ? [] : list(targetGroupSection).read(root)
  itemsAt(root)?.forEach((item, index) => {
    if (isEmpty(item)) report(item, `nil target group item found (index ${index})`)
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return groups.map(({ targets, labels }) => ({ targets, labels }))
}
