/**
 * Makes of a fresh context what CloudFront's runtime is: takes away what it does not list, and stops the clock
 * (CloudFront, JavaScript runtime 2.0 features for CloudFront Functions).
 *
 * It runs inside the sandbox, from its own text, and so refers to nothing outside of it. All of ES 5.1 stays; of what came
 * later, what the runtime lists. Syntax is V8's: what AWS's engine cannot parse is not noticed here.
 *
 * @param startMs - When the run begins, in milliseconds since the epoch: what every clock says until it is over.
 */
export function furnish(startMs: number): void {
  const listed = {
    globals:
      'Object Function Array Number Boolean String Symbol Date Promise RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError JSON Math ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array parseFloat parseInt isFinite isNaN decodeURI decodeURIComponent encodeURI encodeURIComponent eval globalThis Infinity NaN undefined',
    object:
      'assign create defineProperties defineProperty entries freeze getOwnPropertyDescriptor getOwnPropertyDescriptors getOwnPropertyNames getPrototypeOf is isExtensible isFrozen isSealed keys preventExtensions seal setPrototypeOf values',
    string:
      'charAt charCodeAt codePointAt concat endsWith includes indexOf lastIndexOf localeCompare match padEnd padStart repeat replace replaceAll search slice split startsWith substr substring toLocaleLowerCase toLocaleUpperCase toLowerCase toString toUpperCase trim trimEnd trimStart valueOf',
    array:
      'concat copyWithin every fill filter find findIndex forEach includes indexOf join lastIndexOf map pop push reduce reduceRight reverse shift slice some sort splice toLocaleString toString unshift',
    typedArray:
      'buffer byteLength byteOffset copyWithin every fill filter find findIndex forEach includes indexOf join lastIndexOf length map reduce reduceRight reverse set slice some sort subarray toLocaleString toString',
    promise: 'all allSettled any race reject resolve',
  };
  const keep = (holder: object, names: string): void => {
    const kept = `${names} constructor length name prototype`.split(' ');
    for (const name of Object.getOwnPropertyNames(holder).filter((own) => !kept.includes(own))) {
      // oxlint-disable-next-line typescript/no-dynamic-delete -- what is not listed goes, whatever it is
      delete (holder as Record<string, unknown>)[name];
    }
  };
  const RunningDate = Date;
  const { construct } = Reflect;
  const stopped = new Proxy(RunningDate, {
    construct: (target, values: readonly unknown[], newTarget) =>
      construct(target, values.length === 0 ? [startMs] : values, newTarget) as object,
    apply: () => new RunningDate(startMs).toString(),
  });
  RunningDate.now = () => startMs;
  RunningDate.prototype.constructor = stopped;
  globalThis.Date = stopped;
  keep(Object, listed.object);
  keep(String, 'fromCharCode fromCodePoint');
  keep(String.prototype, listed.string);
  keep(Array, 'isArray of');
  keep(Array.prototype, listed.array);
  keep(Object.getPrototypeOf(Uint8Array.prototype) as object, listed.typedArray);
  keep(Promise, listed.promise);
  keep(globalThis, listed.globals);
}
