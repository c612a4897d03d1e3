import { Lease } from './Lease';

describe('a lease', () => {
  let nowMs = 0;
  beforeEach(() => {
    nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => jest.restoreAllMocks());

  it('lapses by the clock, whether or not anybody says so', () => {
    const lease = new Lease(100, 30);
    nowMs = 129;
    expect(lease.hasLapsed).toBe(false);
    nowMs = 130;
    expect(lease.hasLapsed).toBe(true);
  });

  it('is good again from when a renewal was sent, not from when it was answered', () => {
    const lease = new Lease(0, 30);
    nowMs = 25;
    lease.onRenewed(10, true);
    nowMs = 39;
    expect(lease.hasLapsed).toBe(false);
    nowMs = 40;
    expect(lease.hasLapsed).toBe(true);
  });

  it('is not shortened by a renewal that was sent earlier and is answered later', () => {
    const lease = new Lease(0, 30);
    lease.onRenewed(20, true);
    lease.onRenewed(10, true);
    nowMs = 49;
    expect(lease.hasLapsed).toBe(false);
  });

  it('stays lost once its ticket is not good any more', () => {
    const lease = new Lease(0, 30);
    lease.onRenewed(1, false);
    lease.onRenewed(2, true);
    expect(lease.hasLapsed).toBe(true);
  });
});
