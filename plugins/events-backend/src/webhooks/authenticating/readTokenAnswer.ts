import { z } from 'zod';
import type { Answered, SendResult } from '../sending';
import { cleanText } from './cleanText';

/** An access token, and how long it is good for from when it was asked for. */
export interface GrantedToken {
  token: string;
  lifetimeMs: number;
}

export type TokenAnswer =
  | GrantedToken
  | {
      /** A sentence for people, with the remedy, and without secrets. */
      problem: string;
    };

/** Node.js takes 16 KiB of headers, nginx 8 KiB in one line. */
const maxTokenLength = 8_192;

/** What is told of an error, in characters. */
const maxErrorLength = 64;
const maxDescriptionLength = 300;

/**
 * How long a token is kept whose lifetime is not told, in milliseconds. If it ends before, the receiver refuses it, and
 * another one is asked for.
 */
const untoldLifetimeMs = 5 * 60_000;

const secondsSchema = z.union([
  z.number().min(0),
  // Not of the RFC, but of servers.
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number),
]);

/** RFC 6749, section 5.1. Visible ASCII: a space would end the token in the header. */
const grantSchema = z.object({
  access_token: z
    .string('must be there, as a text')
    .max(maxTokenLength, `must have ${maxTokenLength} characters at the most`)
    .regex(/^[!-~]+$/, 'must be visible ASCII'),
  token_type: z
    .string("must be 'Bearer'")
    .regex(/^bearer$/i, "must be 'Bearer'"),
  expires_in: secondsSchema.nullish().catch(undefined),
});

/** RFC 6749, section 5.2. */
const refusalSchema = z.object({
  error: z.string(),
  error_description: z.string().optional().catch(undefined),
});

type Refusal = z.infer<typeof refusalSchema>;

/**
 * Reads what a token endpoint answered (RFC 6749, section 5).
 *
 * @param secrets - texts that no problem may hold: a server may repeat what it was sent
 */
export function readTokenAnswer(
  result: SendResult,
  secrets: readonly string[],
): TokenAnswer {
  switch (result.kind) {
    case 'answered':
      return readAnswer(result, secrets);
    case 'failed':
      return {
        problem: `There is no access token, since 'auth.tokenUrl' did not answer: ${result.message}`,
      };
    case 'cancelled':
      return { problem: 'There is no access token: it was not waited for' };
    default:
      throw new Error(`Unknown result ${JSON.stringify(result)}`);
  }
}

function readAnswer(
  { status, body, cut }: Answered,
  secrets: readonly string[],
): TokenAnswer {
  const answer = parseJson(body);
  const grant = grantSchema.safeParse(answer);
  if (status === 200 && grant.success) {
    const { access_token: token, expires_in: seconds } = grant.data;
    return {
      token,
      lifetimeMs:
        typeof seconds === 'number' ? seconds * 1_000 : untoldLifetimeMs,
    };
  }
  const answered = `There is no access token: the token endpoint answered ${status}`;
  const refusal = refusalSchema.safeParse(answer);
  // Some servers answer 200 for a refusal as well.
  if (refusal.success) {
    return {
      problem: `${answered}: ${explain(status, refusal.data, secrets)}`,
    };
  }
  return {
    problem:
      status === 200
        ? `${answered}, but ${findFault(
            grant.error,
            cut,
          )}. Check 'auth.tokenUrl'`
        : `${answered}. ${adviseOn(status)}`,
  };
}

function findFault(error: z.ZodError | undefined, cut: boolean): string {
  const issue = error?.issues[0];
  if (cut) {
    return 'with more than an access token takes';
  }
  return issue?.path.length
    ? `'${issue.path.join('.')}' ${issue.message}`
    : 'not with an object of JSON';
}

function explain(
  status: number,
  { error, error_description: description = '' }: Refusal,
  secrets: readonly string[],
): string {
  const said = [
    cleanText(error, secrets, maxErrorLength),
    cleanText(description, secrets, maxDescriptionLength),
  ].filter(text => text !== '');
  return `${said.join(': ')}. ${remedies.get(error) ?? adviseOn(status)}`;
}

const checkClient =
  "Check 'auth.clientId', 'auth.clientAuthentication' and 'secrets.clientSecret'";

/** By the error of RFC 6749, section 5.2. */
const remedies = new Map([
  ['invalid_client', checkClient],
  ['unauthorized_client', 'Allow the client the grant client_credentials'],
  ['unsupported_grant_type', 'It must know the grant client_credentials'],
  ['invalid_scope', "Check 'auth.scope'"],
]);

function adviseOn(status: number): string {
  if (status >= 300 && status < 400) {
    return "Redirects are not followed: set 'auth.tokenUrl' to the URL that gives tokens";
  }
  if (status === 429 || status >= 500) {
    return 'It is asked again at the next attempt';
  }
  return status === 401 || status === 403
    ? checkClient
    : "Check 'auth' and 'secrets.clientSecret'";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
