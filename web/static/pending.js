// The document that waits for its answer: kept to be sent again unchanged, and what was typed for it readable to nobody.

import { newId } from "./panku.js";
import { dropSealed, isSealed, keepSealed, unsealed } from "./seal.js";

/**
 * The one document of a desk that was sent and not answered. What holds nothing typed is kept whole, anything else
 * sealed; where nothing can be sealed, this page alone remembers it, and only that there was one is kept. `typed` tells
 * of a document whether it holds anything that somebody typed.
 */
export class Pending {
  constructor(kept, user, typed) {
    this.kept = kept;
    this.typed = typed;
    this.user = user;
    this.name = kept.prefix.slice(0, -1);
  }

  /** Whether one waits that can be sent again. */
  get waits() {
    if (this.keeping) return true;
    const entry = this.kept.get("pending");
    return Boolean(entry) && (this.remembers(entry) || "body" in entry || isSealed(this.name));
  }

  /** Whether one had no answer, and can not be sent again: what was typed for it is gone. */
  get lost() {
    return Boolean(this.kept.get("pending")) && !this.waits;
  }

  /** Whether only this page has it, so that it is lost when the page is closed. */
  get onlyHere() {
    const entry = this.kept.get("pending");
    return Boolean(entry) && this.remembers(entry) && !("body" in entry) && !isSealed(this.name);
  }

  remembers(entry) {
    return this.document !== undefined && this.document.id === entry.id;
  }

  /** Keep a document: before this is over, it is on the disk. Throws where the browser has no room left. */
  async keep(document) {
    this.document = { id: newId(), ...document };
    this.keeping = this.write();
    try {
      await this.keeping;
    } finally {
      this.keeping = undefined;
    }
  }

  /** What is sealed comes first: whoever finds the entry finds the document. */
  async write() {
    const { document } = this;
    const typed = this.typed(document.body);
    dropSealed(this.name);
    if (typed) await keepSealed(this.user, this.name, document);
    this.kept.set("pending", typed ? { id: document.id } : document);
  }

  /** The document that waits, if it can be sent; one that another tab has settled is forgotten here too. */
  async read() {
    await this.keeping?.catch(() => undefined);
    const entry = this.kept.get("pending");
    if (!entry) this.document = undefined;
    else if (!this.remembers(entry)) this.document = "body" in entry ? entry : await unsealed(this.user, this.name);
    if (entry && !this.document) dropSealed(this.name); // its key is gone
    if (entry?.body && this.typed(entry.body)) await this.keep(entry); // of the version before, which sealed nothing
    return this.document;
  }

  /** Whether `document` is still the one that waits; another tab may have had its answer first. */
  is(document) {
    return this.kept.get("pending")?.id === document.id;
  }

  drop() {
    this.document = undefined;
    this.kept.set("pending", undefined);
    dropSealed(this.name);
  }
}
