import {
  equalSecrets,
  verifyHmac,
  type IngressSource,
  type IngressVerdict,
} from '@callboard/backstage-plugin-events-node';

/** How requests of a configured ingress prove where they come from. */
export type ConfiguredProof =
  | {
      kind: 'hmac';
      header: string;
      secrets: string[];
      algorithm: string;
      encoding: 'hex' | 'base64';
      prefix: string;
    }
  | { kind: 'token'; header: string; secrets: string[] }
  | { kind: 'basic'; username: string; passwords: string[] };

/** An entry of `events.http.ingresses`. */
export interface ConfiguredIngress {
  topic: string;
  proof: ConfiguredProof;
  /** Header with the sender's delivery id, in lower case. */
  deduplicationHeader: string | undefined;
  /** Header with the key, in lower case. */
  keyHeader: string | undefined;
}

/** Makes the source of an ingress that is described in the configuration. */
export function createConfiguredSource(
  ingress: ConfiguredIngress,
): IngressSource {
  const { topic, proof, deduplicationHeader, keyHeader } = ingress;
  return {
    topic,
    secretHeaders: proof.kind === 'basic' ? [] : [proof.header],
    verify: async request => check(proof, request),
    describe: event => {
      const read = (name: string | undefined) => {
        const value = name === undefined ? undefined : event.metadata?.[name];
        return typeof value === 'string' && value !== '' ? value : undefined;
      };
      return {
        key: read(keyHeader),
        deduplicationId: read(deduplicationHeader),
      };
    },
  };
}

function check(
  proof: ConfiguredProof,
  request: {
    headers: Record<string, string | string[] | undefined>;
    body: Buffer;
  },
): IngressVerdict {
  switch (proof.kind) {
    case 'hmac': {
      const signature = request.headers[proof.header];
      return typeof signature === 'string' &&
        verifyHmac({
          body: request.body,
          signature,
          secrets: proof.secrets,
          scheme: proof,
        })
        ? { accepted: true }
        : refuse('signature');
    }
    case 'token': {
      const token = request.headers[proof.header];
      return typeof token === 'string' && equalsAny(token, proof.secrets)
        ? { accepted: true }
        : refuse('token');
    }
    case 'basic': {
      const { authorization } = request.headers;
      const expected = proof.passwords.map(
        password =>
          `Basic ${Buffer.from(`${proof.username}:${password}`).toString(
            'base64',
          )}`,
      );
      // RFC 7617: the name of the scheme is matched whatever its case.
      const given = String(authorization ?? '').replace(/^basic +/i, 'Basic ');
      return equalsAny(given, expected)
        ? { accepted: true }
        : refuse('credentials');
    }
    default:
      throw new Error(`Unknown proof ${JSON.stringify(proof)}`);
  }
}

function equalsAny(given: string, expected: readonly string[]): boolean {
  // Each is compared, so that the time does not tell which one matched.
  return expected.map(one => equalSecrets(given, one)).includes(true);
}

function refuse(reason: string): IngressVerdict {
  return { accepted: false, reason, message: `invalid ${reason}` };
}
