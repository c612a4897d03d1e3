import fc from 'fast-check';
import { createSecret, parseSigner, signRequest } from '../signing';
import { nameBatch } from './index';

const ids = fc.array(fc.uuid({ version: 7 }), { minLength: 1, maxLength: 20 });

describe('the name of a batch', () => {
  it('stays the same, for all replicas and versions', () => {
    expect(
      nameBatch([
        '0190163d-8694-739b-aea5-966c26f8ad90',
        '0190163d-8694-739b-aea5-966c26f8ad91',
      ]),
    ).toBe('6f879cb5-676a-8e35-b4ee-905cc8067c1c');
  });

  it('is a UUID of version 8, which can be signed', () => {
    const signers = [parseSigner(createSecret())];
    fc.assert(
      fc.property(ids, eventIds => {
        const id = nameBatch(eventIds);
        expect(id).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        );
        const body = new Uint8Array();
        signRequest({ id, timestampSeconds: 0, body, signers });
      }),
    );
  });

  it('is that of no other batch: of other events, of more, or in another order', () => {
    fc.assert(
      fc.property(ids, ids, (some, others) => {
        const isSame = JSON.stringify(some) === JSON.stringify(others);
        expect(nameBatch(some) === nameBatch(others)).toBe(isSame);
        expect(nameBatch([...some, ...others])).not.toBe(nameBatch(some));
        if (JSON.stringify([...some].reverse()) !== JSON.stringify(some)) {
          expect(nameBatch([...some].reverse())).not.toBe(nameBatch(some));
        }
      }),
    );
  });

  it('is not that of an event, also when it has one alone', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 7 }), id => {
        expect(nameBatch([id])).not.toBe(id);
      }),
    );
  });
});
