import type { Notice } from './deployment.ts';
import { propertyTables } from './property-tables.ts';
import { applyRules } from './property-rules.ts';
import type { TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/** What is said at the start, gathered while the templates are read. */
export interface Notices {
  /**
   * Goes through all properties of a resource that requests meet, once.
   *
   * @throws LocalChainError with a sentence that names a property which cannot be run
   */
  inspect(resource: TemplateResource): void;
  /** Adds what a reader found. */
  add(...notices: readonly Notice[]): void;
  /** All of them, each one once. */
  all(): readonly Notice[];
}

/** Makes an empty list of notices. */
export function createNotices(templates: Templates): Notices {
  const inspected = new Set<TemplateResource>();
  const found = new Map<string, Notice>();
  const add = (...notices: readonly Notice[]): void => {
    for (const notice of notices) {
      found.set(JSON.stringify([notice.resource, notice.property, notice.text]), notice);
    }
  };
  return {
    inspect: (resource) => {
      if (!inspected.has(resource)) {
        inspected.add(resource);
        add(...applyRules(resource.properties, propertyTables[resource.type] ?? {}, templates));
      }
    },
    add,
    all: () => [...found.values()],
  };
}
