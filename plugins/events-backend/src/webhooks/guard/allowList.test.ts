import { readAddress } from './address';
import { readAllowList } from './allowList';
import { findDestination } from './specialRanges';

function opens(entry: string, text: string): boolean {
  const list = readAllowList([entry]);
  const address = readAddress(text);
  return address === undefined
    ? list.hasHost(text)
    : list.hasAddress(findDestination(address));
}

describe('the allow-list', () => {
  it.each([
    ['receiver', 'receiver'],
    ['Receiver.Example.', 'receiver.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['a_b.example', 'a_b.example'],
    ['*.svc.cluster.local', 'a.svc.cluster.local'],
    ['*.svc.cluster.local', 'a.b.svc.cluster.local'],
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '::ffff:10.0.0.1'],
    ['10.0.0.1', '64:ff9b::a00:1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['10.0.0.0/8', '10.255.255.255'],
    ['0.0.0.0/0', '127.0.0.1'],
    ['fd00::1', 'fd00:0::0:1'],
    ['fd00::/8', 'fd12::1'],
    ['fe80::/10', 'fe80::1%eth0'],
  ])('opens with %s the target %s', (entry, target) => {
    expect(opens(entry, target)).toBe(true);
  });

  it.each([
    ['receiver', 'receiver.example'],
    ['receiver.example', 'a.receiver.example'],
    ['receiver.example', 'evilreceiver.example'],
    ['*.example.com', 'example.com'],
    ['*.example.com', 'evilexample.com'],
    ['*.example.com', 'example.com.evil'],
    ['10.0.0.1', '10.0.0.2'],
    ['10.0.0.0/8', '11.0.0.0'],
    ['::/0', '10.0.0.1'],
    ['::/0', '::ffff:10.0.0.1'],
    ['0.0.0.0/0', 'fd00::1'],
  ])('does not open with %s the target %s', (entry, target) => {
    expect(opens(entry, target)).toBe(false);
  });

  it.each([
    ['', 'neither a host name'],
    ['*', 'neither a host name'],
    ['*.', 'neither a host name'],
    ['*.*.example', 'neither a host name'],
    ['a*.example', 'neither a host name'],
    ['.example', 'neither a host name'],
    ['a..example', 'neither a host name'],
    ['a b', 'neither a host name'],
    ['receiver:8080', 'neither a host name'],
    ['user@receiver', 'neither a host name'],
    ['a%2eb', 'neither a host name'],
    ['[::1]', 'neither a host name'],
    ['1.2.3.4.5', 'neither a host name'],
    [`${'a'.repeat(64)}.example`, 'neither a host name'],
    [`${'a.'.repeat(127)}a`, 'neither a host name'],
    ['https://receiver', 'is no CIDR'],
    ['receiver/path', 'is no CIDR'],
    ['10.0.0.1/8', 'is no CIDR'],
    ['10.0.0.0/40', 'is no CIDR'],
    ['fe80::1%eth0', 'has a zone'],
    ['127.1', 'odd notation of the address 127.0.0.1'],
    ['0x7f000001', 'odd notation of the address 127.0.0.1'],
    ['127.0.0.1.', 'odd notation of the address 127.0.0.1'],
    ['*.0.0.1', 'odd notation of the address 0.0.0.1'],
    ['::ffff:10.0.0.0/104', 'stands for IPv4 addresses'],
    ['64:ff9b::/96', 'stands for IPv4 addresses'],
  ])('refuses the entry %j, and names it', (entry, problem) => {
    const read = () => readAllowList(['receiver', entry]);
    expect(read).toThrow(
      `Invalid configuration: events.webhooks.allow: '${entry}' `,
    );
    expect(read).toThrow(problem);
  });
});
