import { ApiError, notFound } from '../ApiError';
import {
  findEntry,
  listEntries,
  type GitBlob,
  type GitTree,
} from '../model/gitObjects';
import { makeNodeId } from '../model/nodeIds';
import { getPlace, renderBytes, renderContent } from './renderGit';
import type { RestAnswer, RestCall, Route } from './router';

/** A folder is listed up to here; whoever wants more has to ask for the tree. */
const maxFolderEntries = 1000;

/** Files and folders. */
export const contentRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/contents',
    answer: call => answerContents(call, ''),
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/contents/*path',
    answer: call => answerContents(call, call.params.path),
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/git/trees/*sha',
    answer: answerTree,
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repo/git/blobs/:sha',
    answer: answerBlob,
  },
];

function answerContents(call: RestCall, rawPath: string): RestAnswer {
  const place = getPlace(call);
  const { git, defaultBranch } = place.repository;
  const path = rawPath.replace(/\/$/, '');
  const ref = call.url.searchParams.get('ref') ?? defaultBranch;
  if (git.branches.size === 0) {
    throw new ApiError(404, 'This repository is empty.');
  }
  const commit = git.findCommit(ref, defaultBranch);
  if (!commit) {
    throw new ApiError(404, `No commit found for the ref ${ref}`);
  }
  const entry = findEntry(commit.tree, path);
  if (!entry) {
    throw notFound();
  }
  if (entry.type === 'tree') {
    return {
      body: [...entry.entries]
        .slice(0, maxFolderEntries)
        .map(([name, inside]) =>
          renderContent(place, path ? `${path}/${name}` : name, ref, inside),
        ),
    };
  }
  return (
    answerRaw(call, entry) ?? {
      body: {
        ...renderContent(place, path, ref, entry),
        ...renderBytes(entry),
      },
    }
  );
}

function answerTree(call: RestCall): RestAnswer {
  const place = getPlace(call);
  const { git, defaultBranch } = place.repository;
  const { sha } = call.params;
  const found = git.findCommit(sha, defaultBranch)?.tree ?? git.get(sha);
  if (found?.type !== 'tree') {
    throw notFound();
  }
  const entries: [string, GitBlob | GitTree][] = call.url.searchParams.has(
    'recursive',
  )
    ? [...listEntries(found)]
    : [...found.entries];
  const { maxTreeEntries } = call.github;
  return {
    body: {
      sha: found.oid,
      url: `${place.url}/git/trees/${found.oid}`,
      tree: entries.slice(0, maxTreeEntries).map(([path, entry]) => ({
        path,
        mode: entry.type === 'blob' ? '100644' : '040000',
        type: entry.type,
        sha: entry.oid,
        ...(entry.type === 'blob' && { size: entry.content.length }),
        url: `${place.url}/git/${entry.type}s/${entry.oid}`,
      })),
      truncated: entries.length > maxTreeEntries,
    },
  };
}

function answerBlob(call: RestCall): RestAnswer {
  const { repository, url } = getPlace(call);
  const blob = repository.git.get(call.params.sha);
  if (blob?.type !== 'blob') {
    throw notFound();
  }
  return (
    answerRaw(call, blob) ?? {
      body: {
        sha: blob.oid,
        node_id: makeNodeId('Blob', repository.id, blob.oid),
        size: blob.content.length,
        url: `${url}/git/blobs/${blob.oid}`,
        content: blob.content.toString('base64').replace(/.{1,60}/g, '$&\n'),
        encoding: 'base64',
      },
    }
  );
}

/** The bytes of a file, if they are asked for. */
function answerRaw(
  { headers: { accept = '' } }: RestCall,
  { content }: GitBlob,
): RestAnswer | undefined {
  return /application\/vnd\.github\.(v3\.)?raw/.test(accept)
    ? {
        headers: {
          'content-type': 'application/vnd.github.raw; charset=utf-8',
        },
        body: content,
      }
    : undefined;
}
