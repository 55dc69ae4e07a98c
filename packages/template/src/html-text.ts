const ESCAPES: Readonly<Record<string, string>> = {
  '"': '&#34;',
  '&': '&amp;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
}

/** Go's template.HTMLEscapeString. */
export function escapeHtml(text: string): string {
  return text.replace(/["&'<>\0]/g, (char) => ESCAPES[char] as string)
}
