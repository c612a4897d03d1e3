import { LoadGauge } from './LoadGauge';

describe('LoadGauge', () => {
  it('is loaded while enough happened within the time', () => {
    const gauge = new LoadGauge(3, 10);
    expect(gauge.isLoaded(0)).toBe(false);
    gauge.count(0);
    gauge.count(4);
    expect(gauge.isLoaded(4)).toBe(false);
    gauge.count(8);
    expect(gauge.isLoaded(8)).toBe(true);
    expect(gauge.isLoaded(10)).toBe(true);
    expect(gauge.isLoaded(11)).toBe(false);
    gauge.count(13);
    expect(gauge.isLoaded(13)).toBe(true);
  });
});
