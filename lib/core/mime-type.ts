/** A MimeType tag's value, such as `audio/L16;rate=8000;channels=1;`. */
export type MimeType = { readonly type: string; readonly parameters: ReadonlyMap<string, string> }

export function parseMimeType(text: string): MimeType {
  const [type = '', ...rest] = text.split(';').map(part => part.trim())
  const parameters = rest
    .filter(part => part.includes('='))
    .map((part): [string, string] => {
      const at = part.indexOf('=')
      return [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()]
    })
  return { type: type.toLowerCase(), parameters: new Map(parameters) }
}
