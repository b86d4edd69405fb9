/** Runs a benchmark, or all: `npm run bench`, `npm run bench -- NAME`. */
const BENCHMARKS = ['demux', 'emulator']
const names = process.argv.slice(2)
const unknown = names.find(name => !BENCHMARKS.includes(name))
if (unknown !== undefined) throw new Error(`no benchmark ${unknown}; there is ${BENCHMARKS.join(', ')}`)
for (const name of names.length === 0 ? BENCHMARKS : names) await import(`./${name}.ts`)
