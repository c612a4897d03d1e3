/** Whose webhook it is. */
export type HookTarget = { host: string } & (
  | { kind: 'app'; appId: number }
  | { kind: 'organization'; organization: string; hookId: number | undefined }
  | {
      kind: 'repository';
      owner: string;
      repository: string;
      hookId: number | undefined;
    }
);

/** What a webhook is called in the database; it stays when the webhook is made anew. */
export function nameTarget(target: HookTarget): string {
  return `${target.host}${describePath(target)}`.toLowerCase();
}

/** Whose webhook it is, in words. */
export function describeTarget(target: HookTarget): string {
  switch (target.kind) {
    case 'app':
      return `the app ${target.appId} on ${target.host}`;
    case 'organization':
      return `the organization ${target.organization} on ${target.host}`;
    default:
      return `the repository ${target.owner}/${target.repository} on ${target.host}`;
  }
}

function describePath(target: HookTarget): string {
  if (target.kind === 'app') {
    return `/apps/${target.appId}`;
  }
  const { hookId } = target;
  return `${findHooksPath(target)}${hookId === undefined ? '' : `/${hookId}`}`;
}

/** Where the webhooks of an organization or a repository are, in the API. */
export function findHooksPath(
  target: Exclude<HookTarget, { kind: 'app' }>,
): string {
  const parts =
    target.kind === 'organization'
      ? ['orgs', target.organization]
      : ['repos', target.owner, target.repository];
  return `/${parts.map(encodeURIComponent).join('/')}/hooks`;
}
