import type { GithubModel } from '@callboard/backstage-plugin-events-backend-test-utils/github';
import type { DemoClock } from '../DemoClock';
import { makeComponentFiles, makeOrganizationFiles } from './makeFiles';
import { acmeSystems } from './systems';

/** The organization that the portal follows. */
export const acme = 'acme';
/** Another organization, which the portal does not know: where repositories are transferred to. */
export const elsewhere = 'globex';
/** The login of the user who does what the commands of the demo ask for. */
export const committer = 'mira';

const firstCommitMs = Date.UTC(2025, 0, 13, 9);
const hourMs = 3_600_000;

/** Makes the organization, the same each time down to ids, times and hashes of commits. */
export function seedAcme(model: GithubModel, clock: DemoClock): void {
  clock.at(firstCommitMs, () => {
    model.addUser(committer, 'Mira Lind');
    model.addOrganization(acme);
    model.addOrganization(elsewhere);
  });
  const repositories = [
    {
      name: 'organization',
      description: 'Teams and systems',
      files: makeOrganizationFiles(acmeSystems),
    },
    ...acmeSystems.flatMap(system =>
      system.components.map(component => ({
        name: component.name,
        description: component.description,
        files: makeComponentFiles(component, system),
      })),
    ),
  ];
  repositories.forEach((repository, index) =>
    clock.at(firstCommitMs + index * hourMs, () =>
      model.repositories.create({
        ...repository,
        owner: acme,
        sender: committer,
      }),
    ),
  );
}
