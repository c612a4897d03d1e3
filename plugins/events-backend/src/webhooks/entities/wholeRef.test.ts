import { parseEntityRef, stringifyEntityRef } from '@backstage/catalog-model';
import * as fc from 'fast-check';
import { completeRef, readWholeRef } from './wholeRef';

const anyPart = fc.stringMatching(
  /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,20}[a-z0-9])?$/,
);

describe('a whole reference', () => {
  it('is read as the catalog does', () => {
    fc.assert(
      fc.property(anyPart, anyPart, anyPart, (kind, namespace, name) => {
        const text = `${kind}:${namespace}/${name}`;
        const ref = stringifyEntityRef(parseEntityRef(text));
        expect(readWholeRef(text)).toBe(ref);
        expect(completeRef(text)).toBe(ref);
        expect(completeRef(`${kind}:${name}`)).toBe(
          stringifyEntityRef({ kind, namespace: 'default', name }),
        );
        expect(
          completeRef(name, { defaultKind: kind, defaultNamespace: namespace }),
        ).toBe(ref);
      }),
    );
  });

  it('takes less than a hundredth of a request that the catalog accepts', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
        name => {
          const ref = readWholeRef(`component:default/${name}`);
          const json = JSON.stringify(ref ?? '');
          expect(Buffer.byteLength(json)).toBeLessThan(100_000 / 100);
          expect(json).not.toContain('\\');
        },
      ),
    );
  });

  it.each([
    '',
    'component',
    'component:my-service',
    'default/my-service',
    'component:default/',
    ':default/my-service',
    'component:default/my/service',
    'https://example.com/x',
    'component:default/my service',
    'component:default/a\0',
    'component:default/a"',
    `component:default/${'a'.repeat(300)}`,
  ])('is not: %j', text => {
    expect(readWholeRef(text)).toBeUndefined();
  });

  it.each([undefined, null, 7, {}, '', 'a:b:c', 'my-service', 'a:b c'])(
    'is not made of %j',
    text => {
      expect(completeRef(text)).toBeUndefined();
    },
  );
});
