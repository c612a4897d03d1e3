import { randomBytes, verify } from 'node:crypto';
import { ApiError, suspended } from './ApiError';
import type { GithubState } from './model/GithubState';
import type { GithubApp, GithubInstallation } from './model/records';
import type { Viewer } from './viewers';

const installationTokenMs = 3_600_000;

/** An app may sign for ten minutes; clocks may differ by one. */
const maxJwtSeconds = 600;
const clockSkewSeconds = 60;

interface InstallationToken {
  installationId: number;
  repositoryIds: ReadonlySet<number> | undefined;
  expiresMs: number;
}

/** Gives tokens out, and knows who comes with one. */
export class AccessTokens {
  readonly #state: GithubState;
  /** Logins, by tokens. */
  readonly #personal: ReadonlyMap<string, string>;
  readonly #installation = new Map<string, InstallationToken>();

  constructor(state: GithubState, personal: ReadonlyMap<string, string>) {
    this.#state = state;
    this.#personal = personal;
  }

  /** Makes a token for an installation, which lasts an hour. */
  create(
    installation: GithubInstallation,
    repositoryIds: ReadonlySet<number> | undefined,
  ): { token: string; expiresMs: number } {
    this.#forgetExpired();
    const token = `ghs_${randomBytes(27).toString('hex').slice(0, 36)}`;
    const expiresMs = this.#state.now() + installationTokenMs;
    this.#installation.set(token, {
      installationId: installation.id,
      repositoryIds,
      expiresMs,
    });
    return { token, expiresMs };
  }

  /**
   * Finds out who sends a request.
   *
   * @param authorization - the header, of the kinds `Bearer`, `token` and `Basic`
   *
   * @throws ApiError if there is a token that is not good
   */
  identify(authorization: string | undefined): Viewer {
    if (!authorization) {
      return { kind: 'anonymous' };
    }
    const token = readToken(authorization);
    const login = this.#personal.get(token);
    if (login !== undefined) {
      return { kind: 'user', account: this.#state.getAccount(login) };
    }
    const found = this.#installation.get(token);
    if (found) {
      return this.#identifyInstallation(found);
    }
    if (token.split('.').length === 3) {
      return { kind: 'app', app: this.#verifyJwt(token) };
    }
    throw new ApiError(401, 'Bad credentials');
  }

  #forgetExpired(): void {
    for (const [token, { expiresMs }] of this.#installation) {
      if (expiresMs <= this.#state.now()) {
        this.#installation.delete(token);
      }
    }
  }

  #identifyInstallation(token: InstallationToken): Viewer {
    const { installationId, repositoryIds, expiresMs } = token;
    const installation = this.#state.installations.get(installationId);
    if (!installation || expiresMs <= this.#state.now()) {
      throw new ApiError(401, 'Bad credentials');
    }
    if (installation.suspended) {
      throw suspended();
    }
    const app = this.#state.getApp(installation.appId);
    return { kind: 'installation', app, installation, repositoryIds };
  }

  /** @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app */
  #verifyJwt(token: string): GithubApp {
    const [header, claims, signature] = token.split('.');
    const { alg } = parsePart(header);
    const { iss, iat, exp } = parsePart(claims);
    const app = [...this.#state.apps.values()].find(
      ({ id, clientId }) => String(id) === String(iss) || clientId === iss,
    );
    if (!app) {
      throw new ApiError(404, 'Integration not found');
    }
    const isSigned =
      alg === 'RS256' &&
      verify(
        'sha256',
        Buffer.from(`${header}.${claims}`),
        app.publicKey,
        Buffer.from(signature, 'base64url'),
      );
    if (!isSigned) {
      throw new ApiError(401, 'A JSON web token could not be decoded');
    }
    const now = Math.floor(this.#state.now() / 1000);
    if (typeof iat !== 'number' || iat > now + clockSkewSeconds) {
      throw new ApiError(
        401,
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
      );
    }
    if (typeof exp !== 'number' || exp <= now) {
      throw new ApiError(
        401,
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
      );
    }
    if (exp > now + maxJwtSeconds + clockSkewSeconds) {
      throw new ApiError(
        401,
        "'Expiration time' claim ('exp') is too far in the future",
      );
    }
    return app;
  }
}

function readToken(authorization: string): string {
  const [scheme, value = ''] = authorization.split(/\s+/, 2);
  if (scheme.toLowerCase() !== 'basic') {
    return value;
  }
  const [user, password] = Buffer.from(value, 'base64').toString().split(':');
  return password || user;
}

function parsePart(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    throw new ApiError(401, 'A JSON web token could not be decoded');
  }
}
