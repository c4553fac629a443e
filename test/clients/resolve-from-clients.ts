/** For `node --import`: lets a file outside of `test/clients/` import the clients by their own names, as a user's would. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const isExample = context.parentURL?.includes('/examples/') === true;
    const isPackage = /^(?:@|[a-z])/u.test(specifier) && !specifier.includes(':');
    return next(specifier, isExample && isPackage ? { ...context, parentURL: import.meta.url } : context);
  },
});
