import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placeOf, resolveControlEndpoint, resolveDataEndpoint } from '../../../lib/aws/endpoints/endpoints.ts'

describe('the control endpoint', () => {
  const cases: [name: string, region: string, env: Record<string, string>, endpoint: string][] = [
    ['is the region’s', 'us-west-2', {}, 'https://kinesisvideo.us-west-2.amazonaws.com'],
    ['is that of China', 'cn-north-1', {}, 'https://kinesisvideo.cn-north-1.amazonaws.com.cn'],
    ['is that of GovCloud', 'us-gov-west-1', {}, 'https://kinesisvideo.us-gov-west-1.amazonaws.com'],
    ['is that of iso', 'us-iso-east-1', {}, 'https://kinesisvideo.us-iso-east-1.c2s.ic.gov'],
    ['is that of iso-b', 'us-isob-east-1', {}, 'https://kinesisvideo.us-isob-east-1.sc2s.sgov.gov'],
    [
      'is the FIPS one',
      'us-east-1',
      { AWS_USE_FIPS_ENDPOINT: 'true' },
      'https://kinesisvideo-fips.us-east-1.amazonaws.com',
    ],
    [
      'is the dualstack one',
      'us-east-1',
      { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
      'https://kinesisvideo.us-east-1.api.aws',
    ],
    [
      'is the variable for the service before the one for all',
      'us-east-1',
      { AWS_ENDPOINT_URL: 'http://localhost:1', AWS_ENDPOINT_URL_KINESIS_VIDEO: 'http://localhost:2/' },
      'http://localhost:2',
    ],
    [
      'is the variable for all',
      'us-east-1',
      { AWS_ENDPOINT_URL: 'http://localhost:1/base/' },
      'http://localhost:1/base',
    ],
    [
      'is the region’s where variables are to be ignored',
      'us-east-1',
      { AWS_ENDPOINT_URL: 'http://localhost:1', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      'https://kinesisvideo.us-east-1.amazonaws.com',
    ],
  ]
  for (const [name, region, env, endpoint] of cases) {
    it(name, () => assert.equal(resolveControlEndpoint(undefined, region, env), endpoint))
  }

  it('is the option before all variables', () => {
    const env = { AWS_ENDPOINT_URL_KINESIS_VIDEO: 'http://localhost:2' }
    assert.equal(resolveControlEndpoint('http://localhost:3', 'us-east-1', env), 'http://localhost:3')
  })

  it('is an error where it is no URL to call', () => {
    for (const given of ['', 'localhost:1', 'ftp://localhost', 'http://h/?a=b', 'http://h/#a', 5, null]) {
      assert.throws(() => resolveControlEndpoint(given, 'us-east-1', {}), { option: 'controlEndpoint' })
    }
    assert.throws(() => resolveControlEndpoint(undefined, 'us-east-1', { AWS_ENDPOINT_URL: 'x' }), {
      option: 'AWS_ENDPOINT_URL',
    })
    assert.throws(
      () => resolveControlEndpoint('http://user:secret@h', 'us-east-1', {}),
      (error: unknown) => {
        return error instanceof Error && !error.message.includes('secret')
      },
    )
  })
})

describe('the data endpoint', () => {
  it('is the option, else the variable for the data plane, else to be asked for', () => {
    const env = {
      AWS_ENDPOINT_URL_KINESIS_VIDEO_MEDIA: 'http://localhost:1',
      AWS_ENDPOINT_URL: 'http://localhost:2',
    }
    assert.equal(resolveDataEndpoint('https://s-1.example/', env), 'https://s-1.example')
    assert.equal(resolveDataEndpoint(undefined, env), 'http://localhost:1')
    assert.equal(resolveDataEndpoint(undefined, { AWS_ENDPOINT_URL: 'http://localhost:2' }), undefined)
    assert.equal(
      resolveDataEndpoint(undefined, { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }),
      undefined,
    )
  })
})

describe('the place of a stream', () => {
  it('is the region for the service, whatever its host, and the origin for another', () => {
    assert.equal(placeOf('https://s-01b343f5.kinesisvideo.us-west-2.amazonaws.com', 'us-west-2'), 'us-west-2')
    assert.equal(placeOf('https://kinesisvideo.us-west-2.api.aws', 'us-west-2'), 'us-west-2')
    assert.equal(placeOf('http://127.0.0.1:4566/base', 'us-west-2'), 'http://127.0.0.1:4566')
  })
})
