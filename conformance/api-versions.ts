// Where 3.14 and Promlet answer otherwise than the recorded 2.42, each once, with its reason. An entry changes the
// recorded answer into the one that is expected; what it does not touch is compared as ever.

import type { Answer } from './api-answer.ts'

export interface VersionDifference {
  readonly why: string
  /** The start of the request, as `GET /api/v1/…` or with what follows it. */
  readonly requests: readonly string[]
  expected(recorded: Answer): Answer
}

type Json = Record<string, unknown>

/** Changes `data` of the recorded answer. */
const data = (change: (recorded: Json) => unknown) => (answer: Answer) => {
  const json = answer.json as Json
  return { ...answer, json: { ...json, data: change(json['data'] as Json) } }
}

/** Changes the text of the recorded error. */
const error = (change: (text: string) => string) => (answer: Answer) => {
  const json = answer.json as Json
  return { ...answer, json: { ...json, error: change(String(json['error'])) } }
}

const text = (status: number, body: string) => (answer: Answer) => ({ ...answer, status, body, headers: TEXT })
const TEXT = { 'content-type': 'text/plain; charset=utf-8' }

export const versionDifferences: readonly VersionDifference[] = [
  {
    why: '3.x wraps regular expressions so that a dot matches a newline',
    requests: ['GET /api/v1/query?query=foo%7Bbar%3D~%22%28%22%7D&time=1709251507'],
    expected: error((message) => message.replace('^(?:()$', '^(?s:()$')),
  },
  {
    why: '2.42 does not know lookback_delta yet, and so nothing wrong with it',
    requests: ['GET /api/v1/query?query=up&time=1709251507&lookback_delta=xyz'],
    expected: (answer) => ({
      ...answer,
      status: 400,
      json: {
        status: 'error',
        errorType: 'bad_data',
        error: 'error parsing lookback delta duration: cannot parse "xyz" to a valid duration',
      },
    }),
  },
  {
    why: '3.x names the parameter of a bad range query',
    requests: [
      'GET /api/v1/query_range?query=demo_num_cpus%5B1m%5D',
      'GET /api/v1/query_range?query=%22text%22',
      'GET /api/v1/query_range?query=up%7B',
    ],
    expected: error((message) => `invalid parameter "query": ${message}`),
  },
  {
    why: '3.x names the parameter of a bad selector of labels',
    requests: ['GET /api/v1/labels?match%5B%5D=x%7B', 'GET /api/v1/label/job/values?match%5B%5D=x%7B'],
    expected: error((message) => `invalid parameter "match[]": ${message}`),
  },
  {
    why: '3.x takes any UTF-8 as a label name',
    requests: ['GET /api/v1/label/0bad/values', 'GET /api/v1/label/a-b/values'],
    expected: (answer) => ({ ...answer, status: 200, json: { status: 'success', data: [] } }),
  },
  {
    why: 'a limit takes the first metrics in order of name, where Prometheus takes any',
    requests: ['GET /api/v1/metadata?limit=1'],
    expected: data(() => ({ app_latency_seconds: [{ type: 'histogram', help: 'Latency.', unit: 'seconds' }] })),
  },
  {
    why: '3.x says of dropped targets which pool they are of, and counts them per pool when they are asked for',
    requests: ['GET /api/v1/targets', 'GET /api/v1/targets?state=dropped'],
    expected: data((targets) => ({
      ...targets,
      droppedTargets: (targets['droppedTargets'] as Json[]).map((target) => ({ ...target, scrapePool: 'dropped' })),
      droppedTargetCounts: { app: 0, down: 0, dropped: 1 },
    })),
  },
  {
    why: '3.x has no counts when dropped targets were not asked for',
    requests: ['GET /api/v1/targets?state=active', 'GET /api/v1/targets?state=nonsense', 'GET /api/v1/targets?scrapePool=app&state=active'],
    expected: data((targets) => ({ ...targets, droppedTargetCounts: null })),
  },
  {
    why: '3.x leaves out groups in which the filters leave no rule',
    requests: ['GET /api/v1/rules?type=alert', 'GET /api/v1/rules?type=record'],
    expected: data(({ groups }) => ({ groups: (groups as Json[]).filter(({ rules }) => (rules as Json[]).length > 0) })),
  },
  {
    why: 'versions and what was built are those of 3.14 and Promlet',
    requests: ['GET /api/v1/status/buildinfo'],
    expected: data(() => BUILD),
  },
  {
    why: 'versions and what was built are those of 3.14 and Promlet',
    requests: ['GET /version'],
    expected: (answer) => ({ ...answer, json: BUILD }),
  },
  {
    why: 'the flag of remote write has its own name in 3.x',
    requests: ['POST /api/v1/write x'],
    expected: text(404, 'remote write receiver needs to be enabled with --web.enable-remote-write-receiver\n'),
  },
  {
    why: 'the page of 3.x is /query',
    requests: ['GET /'],
    expected: (answer) => ({
      ...answer,
      headers: { ...answer.headers, location: '/query' },
      body: '<a href="/query">Found</a>.\n\n',
    }),
  },
  {
    why: '3.x says how names are escaped for readers that know no quotes',
    requests: ['GET /federate', 'GET /federate?match%5B%5D=app_requests_total&match%5B%5D=up'],
    expected: (answer) => ({
      ...answer,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' },
    }),
  },
  {
    why: '3.x refuses labels that are there twice with 400',
    requests: ['POST /api/v1/write duplicate label name'],
    expected: text(400, 'invalid labels for series, labels {__name__="dup", a="1", a="2"}, duplicated label a\n'),
  },
  {
    why: '3.x refuses series without a name',
    requests: ['POST /api/v1/write no metric name'],
    expected: text(400, 'invalid metric name or labels, got {job="noname"}\n'),
  },
  {
    why: 'Promlet adds how many samples were refused, and an example',
    requests: ['POST /api/v1/write same timestamp, other value'],
    expected: text(
      400,
      'duplicate sample for timestamp (1 refused)\nthe sample of {__name__="pushed_metric", job="rw"} at 2026-11-22T19:22:28.000Z has the time of a stored sample and another value\n',
    ),
  },
  {
    why: 'Promlet adds how many samples were refused, and an example',
    requests: ['POST /api/v1/write out of order'],
    expected: text(
      400,
      'out of order sample (1 refused)\nthe sample of {__name__="pushed_metric", job="rw"} at 2026-11-22T19:22:24.000Z is older than the newest sample of the series\n',
    ),
  },
]

const BUILD = {
  version: '3.14.0',
  revision: '',
  branch: '',
  buildUser: '',
  buildDate: '',
  goVersion: '',
  promlet: { version: 'test', components: ['scraper', 'tsdb', 'rule-engine'] },
}
