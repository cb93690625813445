import { once } from 'node:events'
import { connect } from 'node:net'
import { startProgram, until } from './programs.js'

/** Starts a Redis that keeps nothing on the disk; resolves when it listens. */
export async function startRedis(dir, port) {
  const options = ['--port', port, '--bind', '127.0.0.1', '--dir', dir, '--save', '']
  const redis = startProgram('redis-server', [...options.map(String), '--loglevel', 'warning'])
  await until(redis, () => isListening(port))
  return redis
}

async function isListening(port) {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
