import type { Question } from '../harness/question.ts'
import { cap } from './cap.ts'
import { demux } from './demux.ts'
import { emulator } from './emulator.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import { outputs } from './outputs.ts'
import { resume } from './resume.ts'
import { session } from './session.ts'

/** All, in the order of the page. */
export const QUESTIONS: readonly Question[] = [
  demux,
  session,
  cap,
  latency,
  memory,
  resume,
  outputs,
  emulator,
]
