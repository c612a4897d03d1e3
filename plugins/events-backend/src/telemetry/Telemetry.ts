import {
  context,
  metrics,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api';
import {
  type AppendOutcome,
  type NewEvent,
} from '@callboard/backstage-plugin-events-node';

const scope = '@callboard/backstage-plugin-events-backend';

/**
 * Measurements and traces, in OpenTelemetry: nothing happens until the backend installs an SDK.
 *
 * @remarks
 * Every name is documented in `docs/operations/telemetry.md`. Durations are in seconds, as OpenTelemetry recommends.
 */
export class Telemetry {
  readonly #tracer = trace.getTracer(scope);
  readonly #meter = metrics.getMeter(scope);

  readonly #accepted = this.#meter.createCounter('callboard.ingress.accepted', {
    description: 'Requests that an ingress answered with 202',
  });
  readonly #rejected = this.#meter.createCounter('callboard.ingress.rejected', {
    description: 'Requests that an ingress refused, by reason',
  });
  readonly #misfits = this.#meter.createCounter('callboard.contract.misfits', {
    description: 'Events that do not fit the contract of their topic',
  });
  readonly #appended = this.#meter.createCounter('callboard.log.appended', {
    description: 'Events appended to the log',
  });
  readonly #duplicates = this.#meter.createCounter('callboard.log.duplicates', {
    description: 'Events that the log had already',
  });
  readonly #appendFailures = this.#meter.createCounter(
    'callboard.log.append_failures',
    { description: 'Appends that failed, and were tried again or refused' },
  );
  readonly #batchSize = this.#meter.createHistogram(
    'callboard.log.batch_size',
    {
      description: 'Events that one append carried',
    },
  );
  readonly #appendDuration = this.#meter.createHistogram(
    'callboard.log.append.duration',
    { unit: 's', description: 'How long an append took' },
  );
  readonly #trimmed = this.#meter.createCounter('callboard.log.trimmed', {
    description: 'Events removed from the log',
  });
  readonly #lost = this.#meter.createCounter('callboard.log.trimmed_unread', {
    description:
      'Deliveries that were removed with their events because the log reached its hard cap',
  });
  readonly #passedOver = this.#meter.createCounter(
    'callboard.subscription.passed_over',
    {
      description:
        'Subscriptions that had not read events which went because the log reached its hard cap',
    },
  );
  readonly #rescued = this.#meter.createCounter('callboard.batch.rescued', {
    description: 'Batches taken from readers that vanished',
  });
  readonly #retried = this.#meter.createCounter('callboard.delivery.retried', {
    description: 'Failed attempts that are followed by another',
  });
  readonly #dead = this.#meter.createCounter('callboard.delivery.dead', {
    description: 'Deliveries given up',
  });

  readonly #webhookEvents = this.#meter.createCounter(
    'callboard.webhook.events',
    { description: 'Events that were sent to an endpoint, by outcome' },
  );
  readonly #webhookDuration = this.#meter.createHistogram(
    'callboard.webhook.request.duration',
    { unit: 's', description: 'How long a request to an endpoint took' },
  );

  readonly #listening = this.#meter.createGauge(
    'callboard.notifier.listening',
    {
      description: 'Whether notifications of other replicas arrive, 1 or 0',
    },
  );

  /** Measures the lag of subscriptions whenever measurements are collected. */
  measureLag(
    readLag: () => Promise<{ subscriptionId: string; lag: number }[]>,
  ): void {
    this.#meter
      .createObservableGauge('callboard.subscription.lag', {
        description: 'Tail of the log minus cursor',
      })
      .addCallback(async result => {
        for (const { subscriptionId, lag } of await readLag()) {
          result.observe(lag, { subscription: subscriptionId });
        }
      });
  }

  observeRequest<T>(
    topic: string,
    headers: Record<string, string | string[] | undefined>,
    handle: () => Promise<T>,
  ): Promise<T> {
    // The router's instrumentation may have begun a span already; the sender's trace is the parent otherwise.
    const parent = trace.getActiveSpan()
      ? context.active()
      : propagation.extract(context.active(), headers);
    return this.#span(`ingress ${topic}`, SpanKind.PRODUCER, parent, handle, {
      'messaging.system': 'callboard',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
    });
  }

  async observeSending<T extends { verdict: { kind: string } }>(
    {
      endpointId,
      events,
      traceparent,
    }: { endpointId: string; events: number; traceparent: string | undefined },
    send: () => Promise<T>,
  ): Promise<T> {
    const start = performance.now();
    const sent = await this.#span(
      `webhook ${endpointId}`,
      SpanKind.CLIENT,
      traceparent
        ? propagation.extract(context.active(), { traceparent })
        : context.active(),
      send,
      {
        'messaging.system': 'callboard',
        'messaging.operation.type': 'send',
        'messaging.destination.name': endpointId,
        'messaging.batch.message_count': events,
      },
    );
    const attributes = { endpoint: endpointId, outcome: sent.verdict.kind };
    this.#webhookEvents.add(events, attributes);
    this.#webhookDuration.record(
      (performance.now() - start) / 1_000,
      attributes,
    );
    return sent;
  }

  onAccepted(topic: string, duplicate: boolean): void {
    this.#accepted.add(1, { topic, duplicate });
  }

  onRejected(topic: string, reason: string): void {
    this.#rejected.add(1, { topic, reason });
  }

  onMisfit(topic: string): void {
    this.#misfits.add(1, { topic });
  }

  onAppended(
    events: readonly NewEvent[],
    outcomes: readonly AppendOutcome[],
    durationMs: number,
  ): void {
    this.#batchSize.record(events.length);
    this.#appendDuration.record(durationMs / 1000);
    events.forEach(({ topic }, index) =>
      (outcomes[index].appended ? this.#appended : this.#duplicates).add(1, {
        topic,
      }),
    );
  }

  onAppendFailed(): void {
    this.#appendFailures.add(1);
  }

  onTrimmed(events: number): void {
    this.#trimmed.add(events);
  }

  onTrimmedUnread(count: number): void {
    this.#lost.add(count);
  }

  onPassedOver(subscriptions: number): void {
    this.#passedOver.add(subscriptions);
  }

  onRescued(batches: number): void {
    this.#rescued.add(batches);
  }

  onListening(listening: boolean): void {
    this.#listening.record(listening ? 1 : 0);
  }

  onRetry(subscriptionId: string): void {
    this.#retried.add(1, { subscription: subscriptionId });
  }

  onDead(subscriptionId: string): void {
    this.#dead.add(1, { subscription: subscriptionId });
  }

  /** The current span in the W3C format; undefined when nothing traces. */
  readTraceparent(): string | undefined {
    const carrier: { traceparent?: string } = {};
    propagation.inject(context.active(), carrier);
    return carrier.traceparent;
  }

  #span<T>(
    name: string,
    kind: SpanKind,
    parent: Context,
    action: () => Promise<T>,
    attributes: Record<string, string | number>,
  ): Promise<T> {
    return this.#tracer.startActiveSpan(
      name,
      { kind, attributes },
      parent,
      async (span: Span) => {
        try {
          return await action();
        } catch (error) {
          span.setStatus({
            code: SpanStatusCode.ERROR,
            message: String(error),
          });
          throw error;
        } finally {
          span.end();
        }
      },
    );
  }
}
