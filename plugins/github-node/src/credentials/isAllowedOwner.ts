import type { GithubAppConfig } from '@backstage/integration';

/**
 * Whether an app is to be used for an owner: everybody may install a public app.
 *
 * @param owner - the login
 * @see https://backstage.io/docs/integrations/github/github-apps#restricting-the-installations-by-owner
 */
export function isAllowedOwner(
  {
    allowedInstallationOwners: allowed,
  }: Pick<GithubAppConfig, 'allowedInstallationOwners'>,
  owner: string,
): boolean {
  const login = owner.toLowerCase();
  return !allowed || allowed.some(each => each.toLowerCase() === login);
}
