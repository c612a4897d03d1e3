/**
 * Loaded before everything else: the clock of this process is off by the environment variable `CLOCK_OFFSET_MS`. Timers
 * and `performance.now` go on as they are, as where the clock of a machine is wrong.
 */
const offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? 0);

if (offsetMs !== 0) {
  const readTrueMs = Date.now;
  const readShiftedMs = () => readTrueMs() + offsetMs;
  globalThis.Date = new Proxy(Date, {
    construct(target, args, newTarget) {
      return Reflect.construct(
        target,
        args.length === 0 ? [readShiftedMs()] : args,
        newTarget,
      );
    },
    apply(target) {
      return String(Reflect.construct(target, [readShiftedMs()]));
    },
    get(target, property, receiver) {
      return property === 'now'
        ? readShiftedMs
        : Reflect.get(target, property, receiver);
    },
  });
}

export {};
