import type { ChildProcess } from 'node:child_process';

/** What a process can be told to do, and what it answers. */
export type Vocabulary<TOrders> = {
  [K in keyof TOrders]: { order: unknown; answer: unknown };
};

/** How orders are carried out. */
export type StaffOf<TOrders extends Vocabulary<TOrders>> = {
  [K in keyof TOrders]: (
    order: TOrders[K]['order'],
  ) => Promise<TOrders[K]['answer']> | TOrders[K]['answer'];
};

interface OrderMessage<
  TOrders extends Vocabulary<TOrders>,
  TKind extends keyof TOrders,
> {
  kind: TKind;
  number: number;
  order: TOrders[TKind]['order'];
}

type AnyOrderMessage<TOrders extends Vocabulary<TOrders>> = {
  [K in keyof TOrders]: OrderMessage<TOrders, K>;
}[keyof TOrders];

type AnswerMessage<TAnswer> =
  | { kind: 'answer'; number: number; answer: TAnswer }
  | { kind: 'failure'; number: number; failure: string };

/** In the process that is told: carries out orders as they come. */
export function takeOrders<TOrders extends Vocabulary<TOrders>>(
  staff: Partial<StaffOf<TOrders>>,
): void {
  async function carryOut<TKind extends keyof TOrders>(
    message: OrderMessage<TOrders, TKind>,
  ): Promise<AnswerMessage<TOrders[TKind]['answer']>> {
    const { kind, number, order } = message;
    try {
      const member: StaffOf<TOrders>[TKind] | undefined = staff[kind];
      if (!member) {
        throw new Error(`This process cannot ${String(kind)}`);
      }
      return { kind: 'answer', number, answer: await member(order) };
    } catch (error) {
      return { kind: 'failure', number, failure: String(error) };
    }
  }
  process.on('message', async (message: AnyOrderMessage<TOrders>) => {
    process.send?.(await carryOut(message));
  });
}

let orders = 0;

/**
 * Tells a process to do something, and waits for its answer.
 *
 * @throws Error when it fails, the process ends before, or the time is up
 */
export function giveOrder<
  TOrders extends Vocabulary<TOrders>,
  TKind extends keyof TOrders,
>(
  child: ChildProcess,
  kind: TKind,
  order: TOrders[TKind]['order'],
  limitMs: number,
): Promise<TOrders[TKind]['answer']> {
  orders += 1;
  const number = orders;
  const name = String(kind);
  return new Promise((resolve, reject) => {
    const settle = (action: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      action();
    };
    const onMessage = (message: AnswerMessage<TOrders[TKind]['answer']>) => {
      if (message.number !== number) {
        return;
      }
      if (message.kind === 'answer') {
        settle(() => resolve(message.answer));
      } else if (message.kind === 'failure') {
        settle(() => reject(new Error(`${name}: ${message.failure}`)));
      }
    };
    const onExit = (code: number | null) =>
      settle(() =>
        reject(new Error(`${name}: the process ended with code ${code}`)),
      );
    const timer = setTimeout(
      () =>
        settle(() =>
          reject(new Error(`${name}: no answer within ${limitMs} ms`)),
        ),
      limitMs,
    );
    child.on('message', onMessage);
    child.on('exit', onExit);
    const message: OrderMessage<TOrders, TKind> = { kind, number, order };
    child.send(message);
  });
}
