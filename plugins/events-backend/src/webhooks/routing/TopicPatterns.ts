import { isWildcard } from '../../model/topicPattern';

/**
 * What belongs to patterns of topics, found by topic: whole topics in a map, wildcards in a tree of segments. A topic costs
 * as much as there are patterns that begin as it does, however many others there are.
 */
export class TopicPatterns<T> {
  readonly #whole = new Map<string, T>();
  readonly #root = new PatternNode<T>();

  get(pattern: string): T | undefined {
    return isWildcard(pattern)
      ? this.#root.get(pattern.split('.'))
      : this.#whole.get(pattern);
  }

  /** @param pattern - without a problem, as `findPatternProblem` tells */
  set(pattern: string, value: T): void {
    if (isWildcard(pattern)) {
      this.#root.set(pattern.split('.'), value);
    } else {
      this.#whole.set(pattern, value);
    }
  }

  delete(pattern: string): void {
    if (isWildcard(pattern)) {
      this.#root.set(pattern.split('.'), undefined);
    } else {
      this.#whole.delete(pattern);
    }
  }

  /** Gives what belongs to the patterns that a topic fits, in no particular order. */
  find(topic: string): T[] {
    const whole = this.#whole.get(topic);
    const wild = this.#root.find(topic.split('.'));
    return whole === undefined ? wild : [whole, ...wild];
  }
}

/** What follows on the same first segments of patterns. */
class PatternNode<T> {
  readonly #next = new Map<string, PatternNode<T>>();
  #afterAny: PatternNode<T> | undefined;
  /** Of the pattern that ends here; `ofRest` of the one that ends here with `**`. */
  #ofEnd: T | undefined;
  #ofRest: T | undefined;

  get([segment, ...rest]: readonly string[]): T | undefined {
    switch (segment) {
      case undefined:
        return this.#ofEnd;
      case '**':
        return this.#ofRest;
      case '*':
        return this.#afterAny?.get(rest);
      default:
        return this.#next.get(segment)?.get(rest);
    }
  }

  /** @param value - undefined to remove it, and the nodes that are of no use without it */
  set([segment, ...rest]: readonly string[], value: T | undefined): void {
    switch (segment) {
      case undefined:
        this.#ofEnd = value;
        break;
      case '**':
        this.#ofRest = value;
        break;
      case '*': {
        const node = this.#afterAny ?? new PatternNode();
        node.set(rest, value);
        this.#afterAny = node.#isEmpty ? undefined : node;
        break;
      }
      default: {
        const node = this.#next.get(segment) ?? new PatternNode();
        node.set(rest, value);
        if (node.#isEmpty) {
          this.#next.delete(segment);
        } else {
          this.#next.set(segment, node);
        }
      }
    }
  }

  find(segments: readonly string[]): T[] {
    const found: (T | undefined)[] = [];
    let nodes: PatternNode<T>[] = [this];
    for (const segment of segments) {
      found.push(...nodes.map(node => node.#ofRest));
      nodes = nodes.flatMap(node =>
        [node.#next.get(segment), node.#afterAny].filter(
          next => next !== undefined,
        ),
      );
    }
    found.push(...nodes.map(node => node.#ofEnd));
    return found.filter(value => value !== undefined);
  }

  get #isEmpty(): boolean {
    return (
      this.#next.size === 0 &&
      this.#afterAny === undefined &&
      this.#ofEnd === undefined &&
      this.#ofRest === undefined
    );
  }
}
