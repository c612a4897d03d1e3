import type {
  EndpointSecrets,
  EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import { readTlsOptions } from '../authenticating';
import type { Guard } from '../guard';
import { findHeaderProblem } from '../requests';
import { compileSelector } from '../routing';
import { parseSigner } from '../signing';

/**
 * What is wrong with the settings of an endpoint, beyond the shape of each: nothing that is saved should fail when it is
 * used.
 *
 * @param secrets - all that go with the settings, signing keys only if they are new; undefined when nobody knows them
 * @returns a sentence for people, with the remedy; undefined when nothing is
 */
export function findSettingsProblem(
  settings: EndpointSettings,
  secrets: EndpointSecrets | undefined,
  guard: Guard,
): string | undefined {
  return (
    findUrlProblem('url', settings.url, guard) ??
    (settings.auth?.type === 'oauth2'
      ? findUrlProblem('auth.tokenUrl', settings.auth.tokenUrl, guard)
      : undefined) ??
    findSelectorProblem(settings) ??
    findFormatProblem(settings) ??
    findHeadersProblem(settings, secrets?.headers ?? {}) ??
    findKeysProblem(settings, secrets?.signing) ??
    (secrets && findCredentialsProblem(settings, secrets))
  );
}

function findUrlProblem(
  name: string,
  url: string,
  guard: Guard,
): string | undefined {
  const judged = guard.checkUrl(url);
  return judged.allowed
    ? undefined
    : `${name}: ${judged.reason} (rule: ${judged.rule})`;
}

function findSelectorProblem(settings: EndpointSettings): string | undefined {
  const compiled = compileSelector(settings);
  return 'problem' in compiled ? compiled.problem : undefined;
}

function findFormatProblem({
  format,
  batch,
}: EndpointSettings): string | undefined {
  return batch && format === 'cloudevents-binary'
    ? "CloudEvents in binary mode are sent one by one: leave 'batch' out, or choose the format 'cloudevents-structured'"
    : undefined;
}

function findHeadersProblem(
  { headers, auth }: EndpointSettings,
  secretHeaders: Readonly<Record<string, string>>,
): string | undefined {
  const hasAuth = auth !== undefined;
  return [
    ...Object.keys(headers).map(name =>
      findHeaderProblem(name, { isSecret: false, hasAuth }),
    ),
    ...Object.keys(secretHeaders).map(name =>
      findHeaderProblem(name, { isSecret: true, hasAuth }),
    ),
  ].find(problem => problem !== undefined);
}

function findKeysProblem(
  { signatures }: EndpointSettings,
  keys: readonly string[] | undefined,
): string | undefined {
  if (!keys) {
    return undefined;
  }
  let versions: Set<string>;
  try {
    versions = new Set(keys.map(key => parseSigner(key).version));
  } catch (error) {
    return `secrets.signing: ${error instanceof Error ? error.message : error}`;
  }
  const missing = signatures.find(version => !versions.has(version));
  const needless = [...versions].find(
    version => !signatures.some(wanted => wanted === version),
  );
  if (missing) {
    return `signatures asks for ${missing}, and secrets.signing has no key for it`;
  }
  return needless
    ? `secrets.signing has a key for ${needless}, which signatures does not ask for`
    : undefined;
}

function findCredentialsProblem(
  { auth, tls }: EndpointSettings,
  { password, clientSecret, tlsKey }: EndpointSecrets,
): string | undefined {
  if (auth?.type === 'basic' && password === undefined) {
    return "auth has the type 'basic', and secrets.password is missing";
  }
  if (auth?.type === 'oauth2' && clientSecret === undefined) {
    return "auth has the type 'oauth2', and secrets.clientSecret is missing";
  }
  const read = readTlsOptions(tls, tlsKey);
  return 'problem' in read ? read.problem : undefined;
}
