import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Notebooks } from '../notebooks';

class FakeCell {
  readonly model;
  constructor(id: string, public source: string) {
    const cell = this;
    const sharedModel = {
      getSource: () => cell.source,
      setSource: (text: string) => {
        cell.source = text;
      }
    };
    this.model = { id, sharedModel };
  }
}

class FakeNotebook {
  activeCellIndex = 0;
  scrollToItem = vi.fn(async () => undefined);
  constructor(public widgets: FakeCell[]) {}
  get activeCell(): FakeCell {
    return this.widgets[this.activeCellIndex];
  }
}

let panel: any;
let tracker: any;
let app: any;
let notebooks: Notebooks;

beforeEach(() => {
  const content = new FakeNotebook([new FakeCell('c1', 'x = 1'), new FakeCell('c2', '')]);
  panel = { id: 'panel', content, sessionContext: { session: { kernel: { id: 'k1' } } } };
  tracker = { currentWidget: panel, find: (test: (each: any) => boolean) => [panel].find(test) };
  const commands: Record<string, () => unknown> = {
    'notebook:insert-cell-below': () => {
      content.widgets.splice(++content.activeCellIndex, 0, new FakeCell('new', ''));
    },
    'notebook:create-new': () => {
      tracker.currentWidget = panel;
      return { context: { ready: Promise.resolve() } };
    }
  };
  const execute = vi.fn(async (name: string) => commands[name]?.());
  app = { commands: { execute }, shell: { activateById: vi.fn() } };
  notebooks = new Notebooks(app, tracker);
});

describe('reveal', () => {
  it('shows the cell of the notebook with that kernel', async () => {
    expect(await notebooks.reveal('k1', 'c2')).toBe(true);
    expect(app.shell.activateById).toHaveBeenCalledWith('panel');
    expect(panel.content.activeCellIndex).toBe(1);
    expect(panel.content.scrollToItem).toHaveBeenCalledWith(1, 'smart');
  });

  it('shows the notebook alone where the cell is gone, and nothing of an unknown kernel', async () => {
    expect(await notebooks.reveal('k1', 'gone')).toBe(true);
    expect(panel.content.scrollToItem).not.toHaveBeenCalled();
    expect(await notebooks.reveal('k9')).toBe(false);
  });
});

describe('insert', () => {
  it('adds a cell below one that is used', async () => {
    await notebooks.insert('y = 2');
    expect(panel.content.widgets.map((cell: FakeCell) => cell.source)).toEqual(['x = 1', 'y = 2', '']);
  });

  it('fills an empty cell, and runs it when asked to', async () => {
    panel.content.activeCellIndex = 1;
    await notebooks.insert('y = 2', true);
    expect(panel.content.widgets.map((cell: FakeCell) => cell.source)).toEqual(['x = 1', 'y = 2']);
    expect(app.commands.execute).toHaveBeenLastCalledWith('notebook:run-cell');
  });

  it('makes a notebook where there is none', async () => {
    tracker.currentWidget = null;
    await notebooks.insert('y = 2');
    expect(app.commands.execute).toHaveBeenCalledWith('notebook:create-new', { kernelName: 'python3' });
    expect(panel.content.widgets[1].source).toBe('y = 2');
  });
});

it('knows whether the notebook loads zoo_lab', () => {
  expect(notebooks.loadsZooLab).toBe(false);
  panel.content.widgets[0].source = 'import keras\n%load_ext zoo_lab';
  expect(notebooks.loadsZooLab).toBe(true);
  expect(new Notebooks(app, null).currentKernel).toBeNull();
});
