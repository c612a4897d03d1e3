import type { EventParams } from '@backstage/plugin-events-node';
import {
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { eventMetadata } from '../metadata';
import type { ClaimedEvent } from './ClaimedBatch';
import type { HandlingErrors, HandlingObserver } from './HandlingObserver';

const scope = '@callboard/backstage-plugin-events-node';

/**
 * Measurements and traces of handling, in OpenTelemetry: nothing happens until the backend installs an SDK.
 *
 * @remarks
 * Every name is documented in `docs/operations/telemetry.md`. Durations are in seconds, as OpenTelemetry recommends.
 */
export class HandlingTelemetry implements HandlingObserver {
  readonly #tracer = trace.getTracer(scope);
  readonly #meter = metrics.getMeter(scope);

  readonly #handled = this.#meter.createCounter('callboard.handler.handled', {
    description: 'Events that a handler was given, by outcome',
  });
  readonly #handlingDuration = this.#meter.createHistogram(
    'callboard.handler.duration',
    { unit: 's', description: 'How long a handler took for an event' },
  );
  readonly #latency = this.#meter.createHistogram('callboard.handler.latency', {
    unit: 's',
    description: 'From the append of an event to its handler',
  });
  readonly #lapsed = this.#meter.createCounter('callboard.batch.lapsed', {
    description: 'Batches that were not settled within their lease',
  });

  async observeHandling(
    handled: {
      events: readonly ClaimedEvent[];
      given: readonly EventParams[];
      subscriptionId: string;
    },
    handle: () => Promise<HandlingErrors>,
  ): Promise<HandlingErrors> {
    const { events, given, subscriptionId } = handled;
    const [event] = events;
    const start = Date.now();
    const attributesOf = ({ topic }: ClaimedEvent) => ({
      subscription: subscriptionId,
      topic,
    });
    for (const handledEvent of events) {
      this.#latency.record(
        Math.max(0, start - handledEvent.timeMs) / 1000,
        attributesOf(handledEvent),
      );
    }
    // A batch has no single cause, so its span begins a trace.
    const isOne = events.length === 1;
    const parent = propagation.extract(ROOT_CONTEXT, {
      traceparent: isOne ? given[0].metadata?.[eventMetadata.trace] : undefined,
    });
    const attributes = {
      'messaging.system': 'callboard',
      'messaging.operation.type': 'process',
      'messaging.destination.name': event.topic,
      'messaging.consumer.group.name': subscriptionId,
      ...(isOne
        ? { 'messaging.message.id': event.id }
        : { 'messaging.batch.message_count': events.length }),
    };
    let hasFailed: (of: ClaimedEvent) => boolean = () => true;
    try {
      const errors = await this.#tracer.startActiveSpan(
        `handle ${event.topic}`,
        { kind: SpanKind.CONSUMER, attributes },
        parent,
        async span => {
          try {
            return await handle();
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
      hasFailed = of => errors.has(of);
      return errors;
    } finally {
      for (const handledEvent of events) {
        this.#handled.add(1, {
          ...attributesOf(handledEvent),
          outcome: hasFailed(handledEvent) ? 'failed' : 'delivered',
        });
      }
      this.#handlingDuration.record(
        (Date.now() - start) / 1000,
        attributesOf(event),
      );
    }
  }

  onLapsed(subscriptionId: string): void {
    this.#lapsed.add(1, { subscription: subscriptionId });
  }
}
