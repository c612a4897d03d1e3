import { InputError } from '@backstage/errors';
import {
  createEventParams,
  techdocsBuild,
  type LogEvent,
} from '@callboard/backstage-plugin-events-node';
import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { appendedAtMs, makeLogEvent } from './__testUtils__/makeLogEvent';
import { makeContent, type ContentOptions } from './index';

const structured = {
  format: 'cloudevents-structured',
  isBatch: false,
} as const;
const binary = { format: 'cloudevents-binary', isBatch: false } as const;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01';

/** Receives what is sent as the SDK does, and has it judge the event. */
function receive(
  events: readonly LogEvent[],
  options: ContentOptions,
): CloudEvent<unknown>[] {
  const { contentType, headers, body } = makeContent(events, options);
  const received = HTTP.toEvent<unknown>({
    headers: { ...headers, 'content-type': contentType },
    body: body.toString(),
  });
  return [received].flat().map(event => {
    const whole = new CloudEvent<unknown>(event);
    expect(whole.validate()).toBe(true);
    return whole;
  });
}

const event = makeLogEvent(
  createEventParams({
    topic: 'github.push',
    eventPayload: { ref: 'main' },
    key: 'octocat/hello-world',
    correlationId: 'build-7',
  }),
  { source: 'http/github', traceparent },
);

const attributes = {
  specversion: '1.0',
  id: event.id,
  source: '/backstage/http/github',
  type: 'io.backstage.github.push',
  subject: 'octocat/hello-world',
  partitionkey: 'octocat/hello-world',
  time: new Date(appendedAtMs).toISOString(),
  datacontenttype: 'application/json',
  correlationid: 'build-7',
};

describe.each([structured, binary])('a CloudEvent in $format', options => {
  it('is received by the SDK, with all attributes and the payload', () => {
    const [received] = receive([event], options);
    expect(received.toJSON()).toEqual({
      ...attributes,
      data: { ref: 'main' },
    });
  });

  it('has the trace of the event when it is asked for, as the header has', () => {
    const asked = { ...options, traceparent: true };
    const [received] = receive([event], asked);
    expect(received).toMatchObject({ traceparent });
    expect(makeContent([event], asked).headers).toMatchObject({ traceparent });
  });

  it('has neither subject nor partition key without a key, since none may be empty', () => {
    const keyless = makeLogEvent({ topic: 't', eventPayload: 1 });
    const [received] = receive([keyless], options);
    expect(Object.keys(received.toJSON())).not.toContain('partitionkey');
    expect(received.subject).toBeUndefined();
  });

  it('happened when its publisher says, and else when it was appended', () => {
    const at = (timestamp: string) =>
      receive(
        [
          makeLogEvent({
            topic: 't',
            eventPayload: {},
            metadata: { timestamp },
          }),
        ],
        options,
      )[0].time;
    expect(at('2026-11-26T11:00:00+02:00')).toBe('2026-11-26T09:00:00.000Z');
    for (const other of ['1614265330', 'yesterday', '2026-02-30T00:00:00Z']) {
      expect(at(other)).toBe(new Date(appendedAtMs).toISOString());
    }
  });

  it('comes from where the contract says', () => {
    const params = techdocsBuild.event({
      source: 'techdocs',
      eventPayload: {
        action: 'build_started',
        entityRef: 'component:default/website',
        buildTimestamp: '2026-11-26T09:00:00Z',
      },
    });
    expect(receive([makeLogEvent(params)], options)).toMatchObject([
      { source: '/backstage/techdocs', type: 'io.backstage.techdocs' },
    ]);
  });

  it('comes from a portal that has a URL', () => {
    const source = 'https://portal.example.com/';
    expect(receive([event], { ...options, source })).toMatchObject([
      { source: 'https://portal.example.com/http/github' },
    ]);
  });

  it('leaves out a correlation id that no header takes', () => {
    const long = makeLogEvent({
      topic: 't',
      eventPayload: {},
      metadata: { correlationId: 'x'.repeat(1_025), source: 'y'.repeat(9_000) },
    });
    const [received] = receive([long], options);
    expect(received.correlationid).toBeUndefined();
    expect(received.source).toBe(`/backstage/${'y'.repeat(1_024)}`);
  });

  it('is valid whatever topic, key, source and correlation id are', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
    const code = fc
      .array(fc.nat({ max: 0xffff }), { minLength: 1, maxLength: 40 })
      .map(codes => String.fromCharCode(...codes));
    const anyText = fc.oneof(text, code);
    fc.assert(
      fc.property(
        // The rules of topics and keys are those of accepting.
        anyText.filter(topic => !/\p{Cc}/u.test(topic)),
        anyText.filter(key => !key.includes('\0')),
        anyText,
        anyText,
        (topic, key, source, correlationId) => {
          const any = makeLogEvent(
            createEventParams({
              topic,
              key,
              correlationId,
              eventPayload: { any: 'thing' },
              metadata: { source },
            }),
          );
          const [received] = receive([any], options);
          expect(received.source).toMatch(/^[!-~]+$/);
          for (const value of Object.values(
            makeContent([any], options).headers,
          )) {
            expect(value).toMatch(/^(%[0-9A-F]{2}|[!#$&-~])+$/);
          }
        },
      ),
    );
  });
});

describe('a CloudEvent in structured mode', () => {
  it('says what it is', () => {
    expect(makeContent([event], structured)).toMatchObject({
      contentType: 'application/cloudevents+json',
      headers: {},
    });
  });

  it.each(['null', 'true', '7', '"text"', '[1,{}]', '{"n":9007199254740993}'])(
    'holds the payload as it was stored: %s',
    payload => {
      const { body } = makeContent([{ ...event, payload }], structured);
      expect(body.toString()).toContain(`,"data":${payload}}`);
      expect(JSON.parse(body.toString()).data).toEqual(JSON.parse(payload));
    },
  );

  it('has attributes without the characters that CloudEvents forbids', () => {
    const odd = makeLogEvent(
      createEventParams({
        topic: 'caf\u00e9\u0085',
        eventPayload: {},
        key: 'a\nb\ud800c\uffff\u{1f600}',
      }),
    );
    expect(receive([odd], structured)).toMatchObject([
      {
        type: 'io.backstage.caf\u00e9\ufffd',
        subject: 'a\ufffdb\ufffdc\ufffd\u{1f600}',
      },
    ]);
  });
});

describe('a CloudEvent in binary mode', () => {
  it('has its attributes in headers, and the payload alone in its body', () => {
    const { contentType, headers, body } = makeContent([event], binary);
    const { datacontenttype, ...others } = attributes;
    expect(contentType).toBe(datacontenttype);
    expect(headers).toEqual(
      Object.fromEntries(
        Object.entries(others).map(([name, value]) => [`ce-${name}`, value]),
      ),
    );
    expect(body.toString()).toBe(event.payload);
  });

  it.each([
    'null',
    'true',
    '7',
    '"text"',
    '""',
    '[1]',
    '{"n":9007199254740993}',
  ])('holds the payload as it was stored: %s', payload => {
    const { body } = makeContent([{ ...event, payload }], binary);
    expect(body.toString()).toBe(payload);
  });

  it('encodes headers as the binding does in its example', () => {
    const euro = makeLogEvent(
      createEventParams({
        topic: 't',
        eventPayload: {},
        key: 'Euro \u20ac \u{1f600} "100%"',
      }),
    );
    expect(makeContent([euro], binary).headers['ce-subject']).toBe(
      'Euro%20%E2%82%AC%20%F0%9F%98%80%20%22100%25%22',
    );
  });

  it('has headers that decode to what structured mode says', () => {
    fc.assert(
      fc.property(
        fc
          .string({ unit: 'binary', minLength: 1, maxLength: 40 })
          .filter(key => !key.includes('\0')),
        key => {
          const keyed = makeLogEvent(
            createEventParams({ topic: 't', eventPayload: {}, key }),
          );
          const { headers } = makeContent([keyed], binary);
          const [{ subject }] = receive([keyed], structured);
          expect(decodeURIComponent(headers['ce-subject'])).toBe(subject);
          expect(headers['ce-partitionkey']).toBe(headers['ce-subject']);
        },
      ),
    );
  });

  it('knows no batch', () => {
    const attempt = () => makeContent([event], { ...binary, isBatch: true });
    expect(attempt).toThrow(InputError);
    expect(attempt).toThrow("choose the format 'cloudevents-structured'");
  });
});

describe('a batch of CloudEvents', () => {
  const others = ['a', 'b'].map(topic =>
    makeLogEvent({ topic, eventPayload: topic }, { traceparent }),
  );
  const batch = { ...structured, isBatch: true, traceparent: true };

  it('is received by the SDK, in its order, each with its own trace', () => {
    const received = receive([event, ...others], batch);
    expect(received.map(each => each.toJSON())).toEqual(
      [event, ...others].map(each =>
        receive([each], { ...structured, traceparent: true })[0].toJSON(),
      ),
    );
    expect(received).toMatchObject([
      { traceparent },
      { traceparent },
      { traceparent },
    ]);
  });

  it('says what it is, and has no trace of its own', () => {
    expect(makeContent([event], batch)).toMatchObject({
      contentType: 'application/cloudevents-batch+json',
      headers: {},
    });
  });
});
