import { afterEach, describe, expect, it, vi } from 'vitest';

import { LinkMender, sparkUi } from '../sparkui';

const UI = 'http://127.0.0.1:4040';
const HUB = 'https://hub.example.org/user/ada/';

describe('the address of the Spark UI', () => {
  it.each(['http://localhost:8888/', 'http://127.0.0.1:8890/', 'http://[::1]:8888/'])('is its own at %s', baseUrl => {
    expect(sparkUi(UI, baseUrl)).toBe(UI);
  });

  it.each([
    ['https://hub.example.org/user/ada/', 'https://hub.example.org/user/ada/proxy/4040/jobs/'],
    ['http://127.0.0.1:8000/user/ada/', 'http://127.0.0.1:8000/user/ada/proxy/4040/jobs/'],
    ['http://notebooks.example.org:8888/', 'http://notebooks.example.org:8888/proxy/4040/jobs/']
  ])('goes through the server at %s', (baseUrl, address) => {
    expect(sparkUi(UI, baseUrl)).toBe(address);
  });

  it('is left alone where Spark has a name of its own, or none', () => {
    expect(sparkUi('http://driver.example.org:4040', HUB)).toBe('http://driver.example.org:4040');
    expect(sparkUi('', HUB)).toBe('');
  });
});

describe('the links in the page', () => {
  let mender: LinkMender;
  const outputs = (html: string) => (document.body.innerHTML = html);
  const link = () => document.querySelector('a')!;
  const LINK = `<td><a class="zoo-lab-spark-ui" href="${UI}">${UI}</a></td>`;

  afterEach(() => {
    mender.dispose();
    document.body.replaceChildren();
  });

  it('lead through the server, whenever they come, and say where Spark itself is', async () => {
    outputs(LINK);
    mender = new LinkMender(document.body, HUB, 'Spark itself is at');
    expect(link().href).toBe(`${HUB}proxy/4040/jobs/`);
    expect(link().textContent).toBe(`${HUB}proxy/4040/jobs/`);
    expect(link().title).toBe(`Spark itself is at ${UI}`);
    outputs(`<p>${LINK}</p>`);
    await vi.waitFor(() => expect(link().href).toBe(`${HUB}proxy/4040/jobs/`));
  });

  it('are mended once, also where the hub is on this machine', async () => {
    mender = new LinkMender(document.body, 'http://127.0.0.1:8000/user/ada/', '');
    outputs(LINK);
    await vi.waitFor(() => expect(link().href).toContain('/proxy/4040/'));
    document.body.append(document.body.firstChild!); // shown again, as the notebook scrolls
    await new Promise(resolve => setTimeout(resolve));
    expect(link().href).toBe('http://127.0.0.1:8000/user/ada/proxy/4040/jobs/');
  });

  it('stay as they are on one’s own machine, those of others everywhere, and all once it is disposed', async () => {
    mender = new LinkMender(document.body, 'http://localhost:8888/', '');
    outputs(LINK);
    await new Promise(resolve => setTimeout(resolve));
    expect(link().getAttribute('href')).toBe(UI);
    mender = new LinkMender(document.body, HUB, '');
    outputs(`<a href="${UI}">mine</a>`);
    await new Promise(resolve => setTimeout(resolve));
    expect(link().getAttribute('href')).toBe(UI);
    mender.dispose();
    outputs(LINK);
    await new Promise(resolve => setTimeout(resolve));
    expect(link().getAttribute('href')).toBe(UI);
    expect(mender.isDisposed).toBe(true);
  });
});
