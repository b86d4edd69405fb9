import { TagTable } from '../../../index.ts'
import { bytesOutlet } from '../outlets.ts'
import type { OutputKind } from '../output-kind.ts'

export const tagsOutput: OutputKind = {
  name: 'tags',
  addFlags: command =>
    command.option(
      '--tags <file>',
      "every fragment's tags, as CSV where the name ends in .csv, else as lines of JSON",
    ),
  target: ({ tags }) => tags,
  toStandardOutput: true,
  open: ({ tags = '-' }, tell) =>
    bytesOutlet('tags', new TagTable({ format: tags.endsWith('.csv') ? 'csv' : 'jsonl' }), tags, tell, {
      isText: true,
    }),
}
