/** For `node --import`: lets an example import CopilotKit by its own names, as a user's would. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const isExample = context.parentURL?.includes('/examples/') === true;
    const isPackage = /^(?:@|[a-z])/u.test(specifier) && !specifier.includes(':');
    const parentURL = new URL('copilotkit/package.json', import.meta.url).href;
    return next(specifier, isExample && isPackage ? { ...context, parentURL } : context);
  },
});
