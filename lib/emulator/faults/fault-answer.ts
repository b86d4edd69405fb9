import { ServiceException, statusCodeOf } from '../server/service-exception.ts'
import type { ExceptionFault } from './faults.ts'

/** An answer other than a body, made by a fault. */
export class FaultAnswer extends ServiceException {
  /** In place of the JSON. */
  readonly body: string | undefined

  constructor(fault: Omit<ExceptionFault, 'type'>) {
    const statusCode =
      fault.statusCode ?? (fault.errorType === undefined ? 500 : statusCodeOf(fault.errorType))
    super(fault.errorType ?? '', fault.message ?? 'made by the fault plan', statusCode)
    this.body = fault.body
  }
}
