interface Class<Args extends readonly unknown[], Made extends object> {
  new (...args: Args): Made;
  readonly prototype: object;
}

interface LateClass<Args extends readonly unknown[], Made extends object> {
  readonly name: string;
  /** Gives the class itself; called once. */
  readonly load: () => Class<Args, Made>;
  /** What the class itself offers, beside its objects. */
  readonly statics?: readonly string[];
}

/**
 * Stands in for a class of Node's that takes long to load, and has it loaded when an object of it is made or must be told from
 * others. Classes may extend it, and objects inherit from its prototype, before that: once the class is there they inherit from
 * it. What is made by it is an object of the class.
 */
export function lateClass<Args extends readonly unknown[], Made extends object>({ name, load, statics = [] }: LateClass<Args, Made>): Class<Args, object> {
  let loaded: Class<Args, Made> | null = null;
  const itself = (): Class<Args, Made> => {
    if (loaded === null) {
      loaded = load();
      for (const each of statics) Reflect.deleteProperty(Late, each);
      Object.setPrototypeOf(Late, loaded);
      Object.setPrototypeOf(Late.prototype, loaded.prototype);
    }
    return loaded;
  };

  class Late {
    static {
      Object.defineProperty(this, "name", { value: name });
      Object.defineProperty(this.prototype, Symbol.toStringTag, { value: name });
      for (const each of statics) Object.defineProperty(this, each, { configurable: true, get: (): unknown => Reflect.get(itself(), each) });
    }

    static [Symbol.hasInstance](value: unknown): boolean {
      if (this !== Late) return Function.prototype[Symbol.hasInstance].call(this, value);
      if (loaded !== null) return value instanceof loaded;
      // What bears the name inherits from here, or is an object of the class: Node has it loaded then, for itself.
      return isNamed(value, name) && (Function.prototype[Symbol.hasInstance].call(Late, value) || value instanceof itself());
    }

    constructor(...args: Args) {
      return Reflect.construct(itself(), args, new.target === Late ? itself() : new.target);
    }
  }
  return Late;
}

function isNamed(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && Symbol.toStringTag in value && value[Symbol.toStringTag] === name;
}
