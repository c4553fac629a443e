import type { Access, ServiceCaller } from '../src/local/iam/service-caller.ts';

/** The only one who may call a local service: may do everything, unless `authorize` throws. */
export function onlyCaller(
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string },
  authorize: (access: Access) => void = () => undefined,
): (accessKeyId: string) => ServiceCaller | undefined {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return (id) => (id === accessKeyId ? { secretAccessKey, sessionToken, authorize } : undefined);
}
