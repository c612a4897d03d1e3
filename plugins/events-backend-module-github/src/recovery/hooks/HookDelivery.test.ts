import { deliveryPageSchema, wholeDeliverySchema } from './HookDelivery';

/** As GitHub documents it. */
const documented = {
  id: 12345678,
  guid: '0b989ba4-242f-11e5-81e1-c7b6966d2516',
  delivered_at: '2019-06-03T00:57:16Z',
  redelivery: false,
  duration: 0.27,
  status: 'OK',
  status_code: 200,
  event: 'issues',
  action: 'opened',
  installation_id: 123,
  repository_id: 456,
  throttled_at: '2019-06-03T00:57:16Z',
};

describe('the log of deliveries', () => {
  it('is read as GitHub documents it', () => {
    expect(deliveryPageSchema.parse([documented])).toEqual([
      {
        id: 12345678,
        guid: '0b989ba4-242f-11e5-81e1-c7b6966d2516',
        deliveredMs: Date.parse('2019-06-03T00:57:16Z'),
        isRedelivery: false,
        isSuccessful: true,
        event: 'issues',
      },
    ]);
  });

  it('says that only 2xx is a success', () => {
    const codes = [0, 199, 200, 202, 299, 302, 404, 502, 504];
    const page = deliveryPageSchema.parse(
      codes.map(code => ({ ...documented, status_code: code })),
    );

    expect(codes.filter((_, index) => page[index].isSuccessful)).toEqual([
      200, 202, 299,
    ]);
  });

  it('may have entries that nobody understands, which are passed over', () => {
    expect(
      deliveryPageSchema.parse([
        null,
        { ...documented, guid: undefined },
        { ...documented, delivered_at: 'yesterday' },
        { ...documented, id: 2 ** 60 },
        documented,
      ]),
    ).toHaveLength(1);
    expect(deliveryPageSchema.safeParse({ message: 'no' }).success).toBe(false);
  });

  it('may have lost what was to be delivered', () => {
    const whole = { ...documented, url: 'https://example.com' };

    expect(
      wholeDeliverySchema.parse({
        ...whole,
        request: { headers: { 'X-GitHub-Event': 'issues' }, payload: { a: 1 } },
      }),
    ).toEqual({
      url: 'https://example.com',
      event: 'issues',
      headers: { 'X-GitHub-Event': 'issues' },
      payload: { a: 1 },
    });
    expect(
      wholeDeliverySchema.parse({
        ...whole,
        request: { headers: null, payload: null },
      }),
    ).toMatchObject({ headers: {}, payload: undefined });
  });
});
