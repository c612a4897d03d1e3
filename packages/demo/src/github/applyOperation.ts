import type {
  GithubModel,
  GithubRepository,
} from '@callboard/backstage-plugin-events-backend-test-utils/github';
import { acme, catalogPath, committer } from '../acme';
import { changeDescription, readComponent } from './catalogFile';
import type { Operation, Outcome } from '../orders';

const sender = committer;

/**
 * Does something with a repository.
 *
 * @returns the repository as it is then
 * @throws Error where GitHub would refuse it
 */
export function applyOperation(
  model: GithubModel,
  operation: Operation,
): GithubRepository {
  const { repositories } = model;
  const fullName = qualify(operation.repository);
  // What cannot be told of afterwards is not done.
  readComponent(readCatalogFile(repositories.get(fullName)));
  switch (operation.kind) {
    case 'describe':
      return pushCatalogFile(model, fullName, {
        message: 'Change the description',
        content: changeDescription(
          readCatalogFile(repositories.get(fullName)),
          operation.description,
        ),
      });
    case 'revert':
      return revert(model, fullName);
    case 'rename':
      return repositories.rename(fullName, operation.name, { sender });
    case 'archive':
      return repositories.archive(fullName, { sender });
    case 'unarchive':
      return repositories.unarchive(fullName, { sender });
    case 'transfer':
      return repositories.transfer(fullName, operation.owner, { sender });
    default:
      throw new Error(
        `There is no such operation: ${operation satisfies never}`,
      );
  }
}

/** Tells what a repository is, to whoever has changed it. */
export function describeRepository(
  { state }: GithubModel,
  repository: GithubRepository,
): Omit<Outcome, 'webhooks'> {
  const fullName = state.fullNameOf(repository);
  const { oid, message } = findHead(repository);
  return {
    repository: {
      id: repository.id,
      fullName,
      url: `${state.urls.web}/${fullName}`,
      head: { oid, message },
    },
    component: readComponent(readCatalogFile(repository)),
  };
}

function qualify(name: string): string {
  return name.includes('/') ? name : `${acme}/${name}`;
}

function revert(model: GithubModel, fullName: string): GithubRepository {
  const repository = model.repositories.get(fullName);
  const { parents, message } = findHead(repository);
  if (parents.length === 0) {
    throw new Error(
      `${fullName} has its first commit only, so there is nothing to take back`,
    );
  }
  return pushCatalogFile(model, fullName, {
    message: `Revert "${message}"`,
    content: readCatalogFile(repository, parents[0]),
  });
}

function pushCatalogFile(
  model: GithubModel,
  fullName: string,
  { message, content }: { message: string; content: string },
): GithubRepository {
  model.branches.push(fullName, {
    sender,
    commits: [{ message, files: { [catalogPath]: content } }],
  });
  return model.repositories.get(fullName);
}

function findHead({ git, defaultBranch }: GithubRepository) {
  const head = git.findCommit('HEAD', defaultBranch);
  if (!head) {
    throw new Error('The repository is empty');
  }
  return head;
}

function readCatalogFile(
  { git, defaultBranch }: GithubRepository,
  revision: string = 'HEAD',
): string {
  const file = git.findObject(`${revision}:${catalogPath}`, defaultBranch);
  if (file?.type !== 'blob') {
    throw new Error(`The repository has no ${catalogPath}`);
  }
  return file.content.toString();
}
