/** Lets this process believe that the start of Node took so many seconds, whatever it took on this machine. */

module.exports = (seconds) => {
  const uptime = process.uptime.bind(process)
  const passed = uptime()
  process.uptime = () => uptime() - passed + seconds
}
