/** Questions to the kernel, each with its answer; a kernel that runs a cell answers when the cell has ended. */

export class Channel {
  constructor(model) {
    this.model = model;
    this.waiting = new Map();
    this.number = 0;
    this.receive = (content, buffers) => this.answered(content, buffers);
    model.on("msg:custom", this.receive);
  }

  /** Ask; resolves to [content, buffers], rejects with what the kernel says is wrong. */
  ask(type, content = {}) {
    const id = ++this.number;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.model.send({ ...content, type, id });
    });
  }

  answered(content, buffers) {
    const asked = content.type === "answer" && this.waiting.get(content.id);
    if (!asked) return;
    this.waiting.delete(content.id);
    if (content.problem) asked.reject(new Error(content.problem));
    else asked.resolve([content, buffers ?? []]);
  }

  close() {
    this.model.off("msg:custom", this.receive);
    this.waiting.clear();
  }
}
