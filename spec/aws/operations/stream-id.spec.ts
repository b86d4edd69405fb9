import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  checkStreamId,
  mayBeSameStream,
  resolveRegion,
  streamKey,
  toWireStreamId,
} from '../../../lib/aws/operations/stream-id.ts'

const ARN = 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/door/1551924009774'

describe('a stream is named', () => {
  it('by its name or by its ARN', () => {
    assert.deepEqual(toWireStreamId(checkStreamId({ streamName: 'door' })), { StreamName: 'door' })
    assert.deepEqual(toWireStreamId(checkStreamId({ streamARN: ARN })), { StreamARN: ARN })
    checkStreamId({ streamName: 'a'.repeat(256) })
    checkStreamId({ streamARN: ARN.replace('arn:aws:', 'arn:aws-cn:') })
  })

  const cases: [name: string, given: object, option: string][] = [
    ['neither', {}, 'streamName'],
    ['both', { streamName: 'a', streamARN: ARN }, 'streamARN'],
    ['an empty name', { streamName: '' }, 'streamName'],
    ['257 characters', { streamName: 'a'.repeat(257) }, 'streamName'],
    ['a space', { streamName: 'a b' }, 'streamName'],
    ['a line break at the end', { streamName: 'a\n' }, 'streamName'],
    ['a number', { streamName: 1 }, 'streamName'],
    ['null', { streamName: null }, 'streamName'],
    ['an ARN of another service', { streamARN: ARN.replace('kinesisvideo', 'kinesis') }, 'streamARN'],
    ['an ARN without its creation time', { streamARN: ARN.slice(0, -14) }, 'streamARN'],
    ['an ARN of 1025 characters', { streamARN: ARN.padEnd(1025, '1') }, 'streamARN'],
  ]
  for (const [name, given, option] of cases) {
    it(`and not by ${name}`, () => {
      assert.throws(() => checkStreamId(given), { code: 'ERR_INVALID_OPTION', option })
    })
  }
})

describe('the region', () => {
  it('is the option, else the ARN’s, else the environment’s', () => {
    const env = { AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-2' }
    assert.equal(resolveRegion('ap-south-1', { streamARN: ARN }, env), 'ap-south-1')
    assert.equal(resolveRegion(undefined, { streamARN: ARN }, env), 'eu-west-1')
    assert.equal(resolveRegion(undefined, { streamName: 'a' }, env), 'us-east-1')
    assert.equal(
      resolveRegion(undefined, { streamName: 'a' }, { AWS_DEFAULT_REGION: 'us-east-2' }),
      'us-east-2',
    )
  })

  it('is an error where nothing tells it, or where it is none', () => {
    assert.throws(() => resolveRegion(undefined, { streamName: 'a' }, {}), { option: 'region' })
    assert.throws(() => resolveRegion('us-east-1.evil.example/', { streamName: 'a' }, {}), {
      option: 'region',
    })
    assert.throws(() => resolveRegion(undefined, { streamName: 'a' }, { AWS_REGION: 'x y' }), {
      option: 'AWS_REGION',
    })
  })
})

describe('the key of a stream', () => {
  it('is the same by name and by ARN, and apart for other accounts and places', () => {
    const byName = streamKey({ streamName: 'door' }, 'eu-west-1')
    const byArn = streamKey({ streamARN: ARN }, 'eu-west-1')
    const ofOther = streamKey({ streamARN: ARN.replace('123456789012', '2') }, 'eu-west-1')
    assert.equal(byName.stream, byArn.stream)
    assert.deepEqual(
      [mayBeSameStream(byName, byArn), mayBeSameStream(byArn, byArn), mayBeSameStream(byArn, ofOther)],
      [true, true, false],
    )
    assert.notEqual(streamKey({ streamName: 'door' }, 'eu-west-2').stream, byName.stream)
  })
})
