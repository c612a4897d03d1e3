import { ConfigReader } from '@backstage/config';
import { readSettings } from './settings';

const readProxy = (proxy: object) =>
  readSettings(new ConfigReader({ events: { webhooks: { proxy } } })).webhooks
    .proxy;

describe('the settings of the proxy of webhooks', () => {
  it('take its credentials beside its URL', () => {
    const url = 'http://proxy.internal:3128';
    expect(readProxy({ url })).toEqual({ url });
    expect(readProxy({ url, username: 'u', password: 'p' })).toEqual({
      url,
      authorization: 'Basic dTpw',
    });
  });

  it.each(['http://u:hush@proxy.internal', 'http://hush@proxy.internal'])(
    'refuse them in the URL, and repeat nothing of them: %s',
    url => {
      const read = () => readProxy({ url });
      expect(read).toThrow(
        'events.webhooks.proxy.url must hold no credentials: set events.webhooks.proxy.username and events.webhooks.proxy.password',
      );
      expect(read).not.toThrow('hush');
    },
  );

  it.each(['proxy.internal:3128', 'socks5://proxy.internal', 'nonsense'])(
    'refuse what is no proxy of HTTP: %s',
    url => {
      expect(() => readProxy({ url })).toThrow(
        'events.webhooks.proxy.url must be a URL with http or https',
      );
    },
  );
});
