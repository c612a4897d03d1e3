// Webhooks as GitHub and GitLab send them.
import { createHmac, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';

const examples = createRequire(import.meta.url)('@octokit/webhooks-examples');
const [githubPush] = examples.find(({ name }) => name === 'push').examples;

/** As in https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events */
const gitlabPush = {
  object_kind: 'push',
  event_name: 'push',
  before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
  after: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  ref: 'refs/heads/main',
  project_id: 15,
  project: { id: 15, path_with_namespace: 'mike/diaspora' },
  commits: [],
  total_commits_count: 0,
};

export function makeGithubPush(secret) {
  const body = JSON.stringify(githubPush);
  return {
    topic: 'github',
    body,
    headers: {
      'X-GitHub-Event': 'push',
      'X-GitHub-Delivery': randomUUID(),
      'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret)
        .update(body)
        .digest('hex')}`,
    },
  };
}

export function makeGitlabPush(token) {
  return {
    topic: 'gitlab',
    body: JSON.stringify(gitlabPush),
    headers: {
      'X-Gitlab-Event': 'Push Hook',
      'X-Gitlab-Event-UUID': randomUUID(),
      'X-Gitlab-Token': token,
    },
  };
}
