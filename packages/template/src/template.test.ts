import { describe, expect, test } from 'vitest'
import { prometheusHtmlFunctions } from './functions.ts'
import { parseTemplate } from './template.ts'
import { anyDict, list, stringDict, struct, type Value } from './value.ts'

const data: Value = struct('struct', {
  Labels: stringDict([
    ['job', 'node'],
    ['instance', 'db-1:9100'],
  ]),
  Value: 0.25,
  Count: 3n,
  Names: list('[]string', ['a', 'b', 'c']),
  Empty: list('[]string', []),
  Nested: anyDict([['inner', anyDict([['deep', 'found']])]]),
})
const environment = { nowSeconds: 1_353_755_652, externalUrl: 'http://prometheus:9090/prom' }

function run(text: string, options: { html?: boolean; missingKey?: 'zero' | 'default' | 'error' } = {}): string {
  try {
    return parseTemplate({ name: 'test', text, functions: prometheusHtmlFunctions, missingKey: 'zero', ...options }).run(data, environment)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const is = (text: string, expected: string) => test(`${text} is ${expected}`, () => expect(run(text)).toBe(expected))

describe('text and actions', () => {
  is('plain', 'plain')
  is('a {{ "b" }} c', 'a b c')
  is('a {{- "b" -}} c', 'abc')
  is('a\n {{- /* gone */ -}} \n b', 'ab')
  is('{{/* one */}}x{{- /* two */}}', 'x')
  is('{{ "a}}b" }}', 'a}}b')
  is('{{ `raw \\n` }}', 'raw \\n')
  is('{{ "tab\\there \\u00e9 \\xc3\\xa9" }}', 'tab\there é é')
  is("{{ 1_000 }} {{ 0x1f }} {{ 1e3 }} {{ 1.5 }} {{ 'a' }} {{ -3 }} {{ 0b11 }} {{ 017 }}", '1000 31 1000 1.5 97 -3 3 15')
  is('{{ true }} {{ .Count }} {{ .Value }}', 'true 3 0.25')
  is('{{ .Names }} {{ .Labels }}', '[a b c] map[instance:db-1:9100 job:node]')
  is('{{ .Nested.inner.deep }}', 'found')
  is('{{ (index .Nested "inner").deep }}', 'found')
  is('{{\n  .Labels.job\n}}', 'node')
})

describe('control', () => {
  is('{{ if .Empty }}yes{{ else }}no{{ end }}', 'no')
  is('{{ if eq .Count 1 }}one{{ else if eq .Count 3 }}three{{ else }}many{{ end }}', 'three')
  is('{{ with .Labels.job }}{{ . }}{{ end }}', 'node')
  is('{{ with .Labels.none }}{{ . }}{{ else }}none{{ end }}', 'none')
  is('{{ with .Empty }}x{{ else with .Count }}{{ . }}{{ end }}', '3')
  is('{{ range .Names }}{{ . }},{{ end }}', 'a,b,c,')
  is('{{ range $i, $name := .Names }}{{ $i }}{{ $name }} {{ end }}', '0a 1b 2c ')
  is('{{ range $name, $value := .Labels }}{{ $name }}={{ $value }};{{ end }}', 'instance=db-1:9100;job=node;')
  is('{{ range .Empty }}x{{ else }}empty{{ end }}', 'empty')
  is('{{ range 3 }}{{ . }}{{ end }}', '012')
  is('{{ range .Names }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ . }}{{ end }}', 'ac')
  is('{{ range .Names }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}', 'a')
  is('{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 5 }}{{ end }}{{ $x }}', '2')
  is('{{ $x := "outer" }}{{ range .Names }}{{ $x := . }}{{ end }}{{ $x }}', 'outer')
  is('{{ range .Names }}{{ $.Count }}{{ end }}', '333')
  is('{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" .Count }}{{ template "t" "x" }}', '<3><x>')
  is('{{ block "b" .Count }}[{{ . }}]{{ end }}', '[3]')
})

describe('functions of every template', () => {
  is('{{ and .Empty (index .Empty 5) }}', '[]')
  is('{{ or .Labels.job (index .Empty 5) }}', 'node')
  is('{{ or "" 0 "last" }}', 'last')
  is('{{ not .Empty }}', 'true')
  is('{{ eq .Count 1 2 3 }} {{ ne 1 2 }} {{ lt 1.5 2.5 }} {{ ge "b" "a" }} {{ le 2 2 }} {{ gt 2 2 }}', 'true true true true true false')
  is('{{ len .Names }} {{ len "é" }} {{ len .Labels }}', '3 2 2')
  is('{{ index .Names 1 }} {{ index .Labels "job" }} {{ index .Labels "none" }}.', 'b node .')
  is('{{ slice .Names 1 }} {{ slice "abcdef" 1 3 }}', '[b c] bc')
  is('{{ print "a" 1 2 "b" }} {{ println "a" 1 }}', 'a1 2b a 1\n')
  is('{{ printf "%5d|%-5s|%05.1f|%x|%q|%t|%v|%%" 42 "ab" 2.71828 255 "q\\"" true .Names }}', '   42|ab   |002.7|ff|"q\\""|true|[a b c]|%')
  is('{{ printf "%d" "x" }} {{ printf "%s" 1 }} {{ printf "%d" }} {{ printf "5%" }}', '%!d(string=x) %!s(int=1) %!d(MISSING) 5%!(NOVERB)')
  is('{{ printf "a" 1 }} {{ printf "%[2]d %[1]d" 1 2 }} {{ printf "%*d" 4 7 }}', 'a%!(EXTRA int=1) 2 1    7')
  is('{{ printf "%.3s|%8.2f|%+d|% d|%e|%g|%T" "abcdef" 2.71828 5 5 12345.678 1e21 1.5 }}', 'abc|    2.72|+5| 5|1.234568e+04|1e+21|float64')
  is('{{ html "<a href=\'x\'>" }} {{ urlquery "a b&c" }} {{ js "it\'s <b>" }}', "&lt;a href=&#39;x&#39;&gt; a+b%26c it\\'s \\u003Cb\\u003E")
  is('{{ "x" | printf "%s-%s" "y" }}', 'y-x')
})

describe('Prometheus functions', () => {
  is('{{ .Value | humanizePercentage }}', '25%')
  is('{{ reReplaceAll "(.*):(.*)" "$2 on $1" .Labels.instance }}', '9100 on db-1')
  is('{{ reReplaceAll "a.b" "x" "a\\nb" }}', 'a\nb')
  is('{{ match "^db" .Labels.instance }}', 'true')
  is('{{ title "hello wORLD x_y" }}', 'Hello WORLD X_y')
  is('{{ (toTime 0).Format "2006-01-02T15:04:05.000Z07:00" }}', '1970-01-01T00:00:00.000Z')
  is('{{ (now | toTime).Format "Mon, 02 Jan 06 3:04PM MST" }}', 'Sat, 24 Nov 12 11:14AM UTC')
  is('{{ (toTime 1.5).Unix }} {{ (toTime 86400).Weekday }} {{ (toTime 0).Year }}', '1 Friday 1970')
  is('{{ toDuration 3725.5 }} {{ toDuration 0.0015 }} {{ (toDuration 90).Minutes }}', '1h2m5.5s 1.5ms 1.5')
  is('{{ externalURL }} {{ pathPrefix }}', 'http://prometheus:9090/prom /prom')
  is('{{ urlQueryEscape "up{job=\\"a b\\"}" }}', 'up%7Bjob%3D%22a+b%22%7D')
  is('{{ parseDuration "1h30m" }}', '5400')
})

describe('errors name the place', () => {
  is('{{ nope 1 }}', 'template: test:1: function "nope" not defined')
  is('{{ $x }}', 'template: test:1: undefined variable "$x"')
  is('{{ if true }}', 'template: test:1: unexpected EOF')
  is('{{ end }}', 'template: test:1: unexpected {{end}}')
  is('a\n{{ "x }}', 'template: test:2: unterminated quoted string')
  is('{{ 1 | 2 }}', 'template: test:1: non executable command in pipeline stage 2')
  is('{{ break }}', 'template: test:1: {{break}} outside {{range}}')
  is('{{ .Value.x }}', 'template: test:1:9: executing "test" at <.Value.x>: can\'t evaluate field x in type float64')
  is('{{ gt .Value 1 }}', 'template: test:1:3: executing "test" at <gt .Value 1>: error calling gt: incompatible types for comparison')
  is('\n {{ index .Names 9 }}', 'template: test:2:4: executing "test" at <index .Names 9>: error calling index: index out of range: 9')
  is('{{ len 1 2 }}', 'template: test:1:3: executing "test" at <len>: wrong number of args for len: want 1 got 2')
  is('{{ toUpper 1 }}', 'template: test:1:11: executing "test" at <1>: expected string; found 1')
  is('{{ toUpper .Value }}', 'template: test:1:11: executing "test" at <.Value>: wrong type for value; expected string; got float64')
  is('{{ template "none" }}', 'template: test:1:12: executing "test" at <{{template "none"}}>: template "none" not defined')
  is('{{ .Labels.job 1 }}', 'template: test:1:10: executing "test" at <.Labels.job>: job is not a method but has arguments')
  is(
    '{{ parseDuration "x" }}',
    'template: test:1:3: executing "test" at <parseDuration "x">: error calling parseDuration: not a valid duration string: "x"',
  )
  test('a missing key is the zero of its map, no value, or an error', () => {
    expect(run('{{ .Labels.none }}')).toBe('')
    expect(run('{{ .Nested.none }}')).toBe('<no value>')
    expect(run('{{ .Labels.none }}', { missingKey: 'default' })).toBe('<no value>')
    expect(run('{{ .Labels.none }}', { missingKey: 'error' })).toContain('map has no entry for key "none"')
  })
})

describe('limits', () => {
  const limited = (text: string, limits: object) => () => parseTemplate({ name: 'test', text, limits }).run(undefined, environment)
  test('templates that call themselves end with an error', () => {
    expect(limited('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', {})).toThrow('exceeded maximum template depth (500)')
  })
  test('output is bounded', () => {
    expect(limited('{{ range 1000 }}0123456789{{ end }}', { outputMax: 500 })).toThrow('exceeded maximum output of 500 characters')
  })
  test('work is bounded', () => {
    const text = '{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}'
    expect(limited(text, { statementsMax: 1000 })).toThrow('exceeded maximum of 1000 executed statements')
  })
})

describe('in HTML', () => {
  const html = (text: string, expected: string) => test(`${text} is ${expected}`, () => expect(run(text, { html: true })).toBe(expected))
  html('<b>{{ "<i>1+1</i>" }}</b>', '<b>&lt;i&gt;1&#43;1&lt;/i&gt;</b>')
  html('<b>{{ "<i>" | safeHtml }}</b>', '<b><i></b>')
  html('<a title="{{ "\\"quoted\\"" }}">', '<a title="&#34;quoted&#34;">')
  html('<a title={{ "a b" }}>', '<a title=a&#32;b>')
  html('<a href="{{ "javascript:alert(1)" }}">', '<a href="#ZgotmplZ">')
  html('<a href="{{ "http://x/?a=b c" }}">', '<a href="http://x/?a=b%20c">')
  html('<a href="/graph?q={{ "a&b" }}">', '<a href="/graph?q=a%26b">')
  html(
    '<script>var x = {{ .Labels }}; var y = "{{ "</script>" }}"</script>',
    '<script>var x = {"job":"node","instance":"db-1:9100"}; var y = "\\u003c\\u002fscript\\u003e"</script>',
  )
  html('<!-- {{ "x" }} -->{{ "<" }}', '<!--  -->&lt;')
  html('{{ .Nested.none }}|{{ .Labels.none }}', '|')
  html('{{ if true }}<p>{{ "&" }}</p>{{ else }}{{ "&" }}{{ end }}', '<p>&amp;</p>')
  html('{{ define "row" }}<td>{{ . }}</td>{{ end }}{{ template "row" "<" }}{{ tmpl "row" ">" }}', '<td>&lt;</td><td>&gt;</td>')
  html('{{ if true }}<a href="{{ else }}x{{ end }}', 'html/template:test: {{if}} branches end in different contexts: value, text')
})
