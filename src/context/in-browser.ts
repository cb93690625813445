// Bundlers refuse to build what leads here, and say so with this name.
export {
  getFastify,
  getRenderData,
  getReply,
  getRequest
  // @ts-expect-error there is no such file
} from './the context of fastify-next works on the server: give a client component what it needs as its props'
