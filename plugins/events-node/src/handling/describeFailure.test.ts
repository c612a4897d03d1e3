import { describeFailure } from './describeFailure';

describe('what is kept of a failure', () => {
  it('is what the error says', () => {
    expect(describeFailure(new TypeError('no'))).toBe('TypeError: no');
    expect(describeFailure('no')).toBe('no');
    expect(describeFailure(undefined)).toBe('undefined');
  });

  it('is short', () => {
    expect(describeFailure('x'.repeat(10_000))).toHaveLength(2_000);
  });

  it('has no zero character, which PostgreSQL refuses', () => {
    expect(describeFailure(new Error('a\0b\0'))).toBe('Error: a\ufffdb\ufffd');
  });

  it('is there even if what was thrown cannot be written as text', () => {
    expect(describeFailure(Object.create(null))).toContain('cannot be written');
  });
});
