import { isMap, parseAllDocuments, type Document } from 'yaml';
import { z } from 'zod';

const componentSchema = z.object({
  kind: z.literal('Component'),
  metadata: z.object({
    name: z.string(),
    description: z.string().default(''),
  }),
});

/**
 * Reads name and description of the component that a catalog file describes first.
 *
 * @throws Error if there is none
 */
export function readComponent(text: string): {
  name: string;
  description: string;
} {
  return findComponent(text).component;
}

/**
 * Writes another description into a catalog file, and leaves the rest as it is.
 *
 * @throws Error if it describes no component
 */
export function changeDescription(text: string, description: string): string {
  const { documents, index } = findComponent(text);
  documents[index].setIn(['metadata', 'description'], description);
  return documents.map(String).join('');
}

function findComponent(text: string) {
  const documents: Document[] = [...parseAllDocuments(text)].filter(
    ({ contents }) => isMap(contents),
  );
  for (const [index, document] of documents.entries()) {
    const parsed = componentSchema.safeParse(document.toJS());
    if (parsed.success) {
      return { documents, index, component: parsed.data.metadata };
    }
  }
  throw new Error(
    'The catalog file describes no component; choose another repository',
  );
}
