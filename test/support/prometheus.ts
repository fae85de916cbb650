/**
 * A small reading of Prometheus' text format and query language: as much as our alert rules use, so that a rule can
 * be held against what the bot really serves. `rate` and `increase` are the plain difference of the first and last
 * sample in the window, and like Prometheus' they see nothing of a series that was not there at the first.
 * `for:` is not played: a rule that fires at once fires after its time, too, while the trouble lasts.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One answer of /metrics, and when it was asked for. */
export interface Scrape {
  readonly atMs: number;
  readonly samples: readonly Sample[];
}

export function scrape(text: string, atMs: number): Scrape {
  const samples = text.split('\n').flatMap((line): Sample[] => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [
      key,
      text,
    ]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value.replace('Inf', 'Infinity')) }];
  });
  return { atMs, samples };
}

type Vector = readonly Sample[];
type Value = number | Vector;

/** What an expression answers at the last of these scrapes; a rule fires where it answers anything. */
export function evaluate(expression: string, scrapes: readonly Scrape[]): Vector {
  const value = new Evaluation(expression, scrapes).all();
  return typeof value === 'number' ? [{ name: '', labels: {}, value }] : value;
}

const TOKEN =
  /\s*(\d+(?:\.\d+)?(?![\w.])|[a-zA-Z_:][\w:]*|"(?:[^"\\]|\\.)*"|\[\d+[smh]\]|[=!<>]=|=~|[-+*/(){},<>=])/y;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };
const AGGREGATIONS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((total, each) => total + each, 0),
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
};
const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '==': (a, b) => a === b,
};
const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

class Evaluation {
  readonly #tokens: string[] = [];
  readonly #scrapes: readonly Scrape[];
  readonly #last: Scrape;

  constructor(expression: string, scrapes: readonly Scrape[]) {
    const text = expression.trim();
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const at = TOKEN.lastIndex;
      const token = TOKEN.exec(text)?.[1];
      if (token === undefined) throw new Error(`not understood: ${text.slice(at)}`);
      this.#tokens.push(token);
    }
    const last = scrapes.at(-1);
    if (last === undefined) throw new RangeError('nothing was scraped');
    this.#scrapes = scrapes;
    this.#last = last;
  }

  all(): Value {
    const value = this.#or();
    if (this.#tokens.length > 0) throw new Error(`not understood: ${this.#tokens.join(' ')}`);
    return value;
  }

  #or(): Value {
    let left = this.#comparison();
    while (this.#took('or')) {
      const seen = new Set(vector(left).map(keyOf));
      left = [...vector(left), ...vector(this.#comparison()).filter((each) => !seen.has(keyOf(each)))];
    }
    return left;
  }

  #comparison(): Value {
    const left = this.#arithmetic(['+', '-'], () => this.#arithmetic(['*', '/'], () => this.#operand()));
    const compare = COMPARISONS[this.#tokens[0] ?? ''];
    if (compare === undefined) return left;
    this.#tokens.shift();
    const right = this.#arithmetic(['+', '-'], () => this.#operand());
    if (typeof right !== 'number') throw new Error('compared with more than a number');
    return vector(left).filter(({ value }) => compare(value, right));
  }

  #arithmetic(signs: readonly string[], next: () => Value): Value {
    let left = next();
    for (let sign = this.#tokens[0] ?? ''; signs.includes(sign); sign = this.#tokens[0] ?? '') {
      this.#tokens.shift();
      left = combine(left, next(), ARITHMETIC[sign] ?? Number.NaN);
    }
    return left;
  }

  #operand(): Value {
    const token = this.#tokens.shift() ?? '';
    if (/^\d/.test(token)) return Number(token);
    if (token === '(') return this.#closed(this.#or());
    const aggregate = AGGREGATIONS[token];
    if (aggregate !== undefined) return this.#aggregated(aggregate);
    if (this.#tokens[0] === '(') return this.#called(token);
    return this.#selected(token, this.#last);
  }

  #aggregated(aggregate: (values: readonly number[]) => number): Vector {
    const by: string[] = [];
    if (this.#took('by')) {
      this.#expect('(');
      while (!this.#took(')')) if (!this.#took(',')) by.push(this.#tokens.shift() ?? '');
    }
    this.#expect('(');
    const groups = new Map<string, { labels: Record<string, string>; values: number[] }>();
    for (const { labels, value } of vector(this.#closed(this.#or()))) {
      const kept = Object.fromEntries(by.map((name) => [name, labels[name] ?? '']));
      const key = JSON.stringify(kept);
      const group = groups.get(key) ?? { labels: kept, values: [] };
      groups.set(key, group);
      group.values.push(value);
    }
    return [...groups.values()].map(({ labels, values }) => ({ name: '', labels, value: aggregate(values) }));
  }

  #called(name: string): Value {
    this.#expect('(');
    switch (name) {
      case 'time':
        return this.#closed(this.#last.atMs / 1000);
      case 'abs':
        return vector(this.#closed(this.#or())).map((each) => ({ ...each, value: Math.abs(each.value) }));
      case 'absent':
        return vector(this.#closed(this.#or())).length > 0 ? [] : [{ name: '', labels: {}, value: 1 }];
      case 'rate':
      case 'increase':
        return this.#closed(this.#over(name));
      case 'histogram_quantile': {
        const quantile = Number(this.#tokens.shift());
        this.#expect(',');
        return quantileOf(quantile, vector(this.#closed(this.#or())));
      }
      default:
        throw new Error(`not a function that is known here: ${name}`);
    }
  }

  /** Difference of the first and last sample of each series in the window. */
  #over(name: 'rate' | 'increase'): Vector {
    const selector = this.#tokens.slice(
      0,
      this.#tokens.findIndex((token) => token.startsWith('[')),
    );
    this.#tokens.splice(0, selector.length);
    const [, count, unit = ''] = /^\[(\d+)([smh])\]$/.exec(this.#tokens.shift() ?? '') ?? [];
    const seconds = Number(count) * (SECONDS[unit] ?? Number.NaN);
    const within = this.#scrapes.filter(({ atMs }) => atMs >= this.#last.atMs - seconds * 1000);
    const [first] = within;
    if (first === undefined || first === this.#last) return [];
    const select = (at: Scrape) => {
      const [metric = '', ...matchers] = selector;
      const rest = this.#tokens.splice(0, this.#tokens.length, ...matchers);
      const found = this.#selected(metric, at);
      this.#tokens.splice(0, this.#tokens.length, ...rest);
      return found;
    };
    const before = new Map(select(first).map((each) => [keyOf(each), each.value]));
    return select(this.#last).flatMap((each) => {
      const from = before.get(keyOf(each));
      if (from === undefined) return [];
      return [{ ...each, value: (each.value - from) / (name === 'rate' ? seconds : 1) }];
    });
  }

  #selected(name: string, at: Scrape): Vector {
    let found = at.samples.filter((sample) => sample.name === name);
    if (!this.#took('{')) return found;
    while (!this.#took('}')) {
      const [label = '', sign = '', quoted = '""'] = this.#tokens.splice(0, 3);
      const wanted: unknown = JSON.parse(quoted);
      if (sign !== '=' && sign !== '!=') throw new Error(`not a match that is known here: ${sign}`);
      found = found.filter(({ labels }) => ((labels[label] ?? '') === wanted) === (sign === '='));
      this.#took(',');
    }
    return found;
  }

  #closed<Inner>(value: Inner): Inner {
    this.#expect(')');
    return value;
  }

  #took(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }

  #expect(token: string): void {
    if (!this.#took(token)) throw new Error(`expected ${token} before ${this.#tokens.join(' ')}`);
  }
}

function vector(value: Value): Vector {
  return typeof value === 'number' ? [{ name: '', labels: {}, value }] : value;
}

/** The labels alone: what is compared or divided has lost its name. */
function keyOf({ labels }: Sample): string {
  return JSON.stringify(Object.entries(labels).sort());
}

function combine(left: Value, right: Value, operate: ((a: number, b: number) => number) | number): Value {
  if (typeof operate === 'number') throw new Error('not an operation');
  if (typeof left === 'number' && typeof right === 'number') return operate(left, right);
  if (typeof left === 'number')
    return vector(right).map((each) => ({ ...each, value: operate(left, each.value) }));
  if (typeof right === 'number') return left.map((each) => ({ ...each, value: operate(each.value, right) }));
  const partners = new Map(right.map((each) => [keyOf(each), each.value]));
  return left.flatMap((each) => {
    const partner = partners.get(keyOf(each));
    return partner === undefined ? [] : [{ ...each, value: operate(each.value, partner) }];
  });
}

/** The upper bound of the bucket in which the quantile lies; Prometheus would go on to a place within it. */
function quantileOf(quantile: number, buckets: Vector): Vector {
  const sorted = [...buckets].sort((a, b) => boundOf(a) - boundOf(b));
  const total = sorted.at(-1)?.value ?? 0;
  const within = sorted.find(({ value }) => value >= quantile * total);
  return within === undefined || total === 0 ? [] : [{ name: '', labels: {}, value: boundOf(within) }];
}

function boundOf({ labels: { le = '' } }: Sample): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
}
