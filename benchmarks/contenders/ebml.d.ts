/** What is used of the package `ebml`, which has no types of its own. */
declare module 'ebml' {
  const ebml: { readonly Decoder: new () => NodeJS.ReadWriteStream }
  // biome-ignore lint/style/noDefaultExport: the package's own shape
  export default ebml
}
