import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OptionError } from '../core/errors.ts'
import { knownOptions } from '../core/options.ts'
import { FaultPlan, type PlannedFault } from './faults/faults.ts'
import type { RandomFaultOptions } from './faults/random-faults.ts'
import { CallRates } from './limits/call-rates.ts'
import { ConnectionSlots } from './limits/connection-slots.ts'
import type { Service } from './operations/operation.ts'
import { makeHttpServer } from './server/http-server.ts'
import { RequestLog, type RequestRecord } from './server/request-log.ts'
import { type EmulatorOptions, resolveSettings, type Settings } from './settings.ts'
import { openStorage } from './storage/open-storage.ts'
import type { Storage } from './storage/storage.ts'
import type { MediaStream, StreamOptions } from './streams/media-stream.ts'
import { parseStreamLabel } from './streams/region.ts'
import { STREAM_OPTIONS } from './streams/stream-options.ts'
import { StreamRegistry } from './streams/stream-registry.ts'

/** A running service. Close it, or declare it with `await using`. */
export class Emulator {
  /** Where it listens: the endpoint to give to an AWS client on this machine. */
  readonly url: string
  /** The address in GetDataEndpoint's response: `url`, unless another one was set. */
  readonly advertisedUrl: string
  /** The region of unsigned requests, and of the ARNs that streams show in code. */
  readonly defaultRegion: string
  readonly port: number
  readonly #server: Server
  readonly #service: Service
  readonly #log: RequestLog
  readonly #storage: Storage
  #closing: Promise<void> | undefined

  /** @internal */
  constructor(server: Server, service: Service, log: RequestLog, storage: Storage) {
    this.#server = server
    this.#service = service
    this.#log = log
    this.#storage = storage
    this.url = service.url
    this.defaultRegion = service.settings.defaultRegion
    this.advertisedUrl = service.settings.advertisedUrl ?? service.url
    // The URL leaves a port out that is its scheme's own.
    this.port = (server.address() as AddressInfo).port
  }

  /** The requests that came, oldest first; the last 10,000 are kept. */
  get requests(): readonly RequestRecord[] {
    return this.#log.records
  }

  /** The streams of all regions, by name. */
  get streams(): readonly MediaStream[] {
    return this.#service.streams.all()
  }

  /**
   * Makes a stream, and loads it from MKV where a source is given.
   *
   * ```ts
   * await emulator.addStream({ name: 'door', source: 'recording.mkv' })
   * ```
   *
   * @throws OptionError for a name that is taken or not allowed, or a source with no Cluster
   * @throws MkvSyntaxError for a source that is no Matroska
   */
  async addStream(options: StreamOptions): Promise<MediaStream> {
    knownOptions('addStream', options, STREAM_OPTIONS)
    const stream = this.#service.streams.create(options)
    const { source, serverStart, producerStart, fragmentTimecodeType, keepRecorded } = options
    if (source === undefined) return stream
    try {
      await stream.load(source, {
        ...(serverStart === undefined ? {} : { serverStart }),
        ...(producerStart === undefined ? {} : { producerStart }),
        ...(fragmentTimecodeType === undefined ? {} : { fragmentTimecodeType }),
        ...(keepRecorded === undefined ? {} : { keepRecorded }),
      })
    } catch (error) {
      this.#service.streams.delete(stream)
      throw error
    }
    return stream
  }

  /**
   * A stream by its name, or by `REGION/NAME`. A name alone means the stream in the default region, else the only one
   * of that name. @throws OptionError where there is none, or one in each of several regions
   */
  stream(name: string): MediaStream {
    const stream = this.#service.streams.labelled(parseStreamLabel('name', name))
    if (stream === undefined) throw new OptionError('name', 'be the name of a stream', name)
    return stream
  }

  /**
   * Plans what goes wrong: each call on the stream that passes the arguments' check and the limits takes one fault of
   * those for its operation, and `null` lets a GetMedia call pass. Faults are put after those that still wait.
   *
   * ```ts
   * emulator.faults('door', [{ type: 'cut-in-block', block: 7 }, null, { type: 'throttle' }])
   * emulator.faults('door', [{ type: 'error-ack', errorCode: 'INTERNAL_ERROR', afterFragments: 2 }])
   * emulator.faults('us-west-2/door', [{ type: 'reset', operation: 'PutMedia', atByte: 20_000 }])
   * ```
   *
   * @param streamName `NAME`, for that stream in whichever region, or `REGION/NAME`
   * @throws OptionError
   */
  faults(streamName: string, faults: readonly PlannedFault[]): void {
    this.#service.faults.add(streamName, faults)
  }

  /**
   * Makes a stream's calls of one operation go wrong by chance, once the faults that are planned for it are used up: the
   * same seed, the same faults.
   *
   * @throws OptionError
   */
  randomFaults(streamName: string, options: RandomFaultOptions): void {
    this.#service.faults.addRandom(streamName, options)
  }

  /** How many planned calls of a stream are still to come. */
  pendingFaults(streamName: string): number {
    return this.#service.faults.pending(streamName)
  }

  /** Forgets the faults that still wait, of one stream or of all. */
  clearFaults(streamName?: string): void {
    this.#service.faults.clear(streamName)
  }

  /** Ends live feeds, breaks open connections, frees the port, and writes what is to be kept. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all(this.streams.map(stream => stream.stop()))
    const unfinished = this.requests.map(record => record.finished)
    const closed = new Promise<void>(resolve => {
      this.#server.close(() => resolve())
    })
    this.#server.closeAllConnections()
    await closed
    await Promise.all(unfinished)
    await this.#storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Starts a Kinesis Video Streams of your own, on loopback: any AWS client works against its `url`.
 *
 * ```ts
 * await using emulator = await startEmulator({ limits: 'off', idleEndMs: 50 })
 * await emulator.addStream({ name: 'door', source: 'recording.mkv' })
 * const client = new KinesisVideoClient({ endpoint: emulator.url, region: 'us-east-1', credentials })
 * ```
 *
 * @throws OptionError
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const settings = resolveSettings(options)
  const log = new RequestLog()
  let service: Service
  const server = makeHttpServer(() => service, settings, log)
  const storage = await openStorage(settings)
  try {
    await listen(server, settings)
  } catch (error) {
    await storage.close()
    throw error
  }
  service = {
    settings,
    streams: new StreamRegistry(settings, storage),
    rates: new CallRates(settings),
    connections: new ConnectionSlots(settings.limits),
    faults: new FaultPlan(),
    url: urlOf(server, settings),
  }
  return new Emulator(server, service, log, storage)
}

function listen(server: Server, settings: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings.port, settings.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function urlOf(server: Server, settings: Settings): string {
  const { port } = server.address() as AddressInfo
  const isEverywhere = settings.host === '0.0.0.0' || settings.host === '::'
  const host = isEverywhere ? '127.0.0.1' : settings.host.includes(':') ? `[${settings.host}]` : settings.host
  return `${settings.tls === undefined ? 'http' : 'https'}://${host}:${port}`
}
